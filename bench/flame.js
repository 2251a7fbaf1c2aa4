// Where the time of a token goes: the broker with everything on under load, as a flame graph in bench/flame.svg.
// Open it in a browser; the pointer on a box tells its function and its share.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allOn, furnish } from './tokens/folder.js'
import { load } from './tokens/load.js'
import { broker, start } from './tokens/servers.js'

const folder = await mkdtemp(join(tmpdir(), 'bench-flame-'))
await furnish(folder)
const [node, bin] = broker.command
const server = await start({ ...broker, command: [node, '--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200', bin] }, folder, allOn)
await load(server, { seconds: 5 })
const warm = server.cpu()
await load(server, { seconds: 5 })
await server.stop()

// Threads write a profile each; that of the requests is the largest.
const files = (await readdir(folder)).filter(file => file.endsWith('.cpuprofile')).map(file => join(folder, file))
const sizes = await Promise.all(files.map(async file => (await stat(file)).size))
const profile = JSON.parse(await readFile(files[sizes.indexOf(Math.max(...sizes))], 'utf8'))
await rm(folder, { recursive: true })

const parents = new Map()
const frames = new Map(profile.nodes.map(node => [node.id, node.callFrame]))
for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id)

const root = { name: 'all', time: 0, inner: new Map() }
let cpu = 0
for (const [i, id] of profile.samples.entries()) {
  const time = profile.timeDeltas[i] / 1e6
  const path = []
  for (let at = id; parents.has(at); at = parents.get(at)) path.unshift(nameOf(frames.get(at)))
  if (path[0] === '(idle)') continue
  cpu += time
  // What came before is the start and the first, slow, round.
  if (cpu < warm) continue
  let box = root
  box.time += time
  for (const name of path) {
    if (!box.inner.has(name)) box.inner.set(name, { name, time: 0, inner: new Map() })
    box = box.inner.get(name)
    box.time += time
  }
}

function nameOf ({ functionName, url }) {
  const file = url.replace(/^file:\/\//, '').replace(/^.*node_modules\//, '').replace(/^.*\/dist\//, '')
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}`
}

const width = 1200
const line = 16
const colours = [[/ (src|plugins)\//, '#e8743b'], [/ @fastify\//, '#f2c14e'], [/ fastify\//, '#7fb069'], [/ node:/, '#8ecae6'], [/ /, '#cdb4db'], [/^/, '#d0d0d0']]
const text = string => string.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
const boxes = []
let depths = 0

function draw (box, x, depth) {
  const wide = box.time / root.time * width
  if (wide < 1) return
  depths = Math.max(depths, depth)
  const colour = colours.find(([matches]) => matches.test(box.name))[1]
  const label = text(box.name.slice(0, wide / 6.5))
  boxes.push(`<g><title>${text(box.name)}: ${(box.time / root.time * 100).toFixed(1)} %</title><rect x="${x.toFixed(1)}" y="${depth * line}" width="${wide.toFixed(1)}" height="${line - 1}" fill="${colour}"/>${wide > 30 ? `<text x="${(x + 2).toFixed(1)}" y="${depth * line + 11}">${label}</text>` : ''}</g>`)
  for (const inner of [...box.inner.values()].sort((a, b) => b.time - a.time)) {
    draw(inner, x, depth + 1)
    x += inner.time / root.time * width
  }
}
draw(root, 0, 0)
await writeFile(new URL('./flame.svg', import.meta.url), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${(depths + 1) * line}" font-family="monospace" font-size="10">
<rect width="100%" height="100%" fill="#fff"/>
${boxes.join('\n')}
</svg>
`)
console.log('bench/flame.svg: the broker\'s own files are orange, the plugins of Fastify yellow, Fastify green, Node blue, other packages violet')
