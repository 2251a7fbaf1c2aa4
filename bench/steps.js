// What a token costs in several builds of the project, in turns of 300 tokens each: `npm run bench -- steps FOLDER …`, where each folder has a dist/.
// So short turns tell differences of two per cent on a busy machine. The client runs in the same process, and its cost, a fifth, counts in all.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { furnish } from './tokens/folder.js'
import { median } from './tokens/load.js'

const ROUNDS = 40
const TOKENS = 300
const WARM_UP = 6000
/** Processes of each build: one may be luckier with the places of its code in memory. */
const COPIES = 4

const folders = process.argv.slice(2)
if (folders.length === 0) {
  console.error('Usage: npm run bench -- steps FOLDER …\nEach folder is another checkout of this project that has been built.')
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'bench-steps-'))
await furnish(folder)
const builds = [fileURLToPath(new URL('..', import.meta.url)), ...folders.map(path => resolve(path))]
const servers = []
for (let copy = 0; copy < COPIES; copy++) {
  for (const build of builds) {
    const child = fork(fileURLToPath(new URL('./tokens/steps-server.js', import.meta.url)), [join(build, 'dist'), folder, `${servers.length}.log`])
    await once(child, 'message')
    servers.push({ build, copy, child, costs: [] })
  }
}

/** @returns microseconds of CPU for one token */
async function run ({ child }, tokens) {
  child.send(tokens)
  const [cost] = await once(child, 'message')
  return cost
}

for (const server of servers) await run(server, WARM_UP)
for (let round = 0; round < ROUNDS; round++) {
  // Each begins in turn: the first of a round finds the caches colder.
  for (let i = 0; i < servers.length; i++) {
    const server = servers[(round + i) % servers.length]
    server.costs.push(await run(server, TOKENS))
  }
}
for (const { child } of servers) child.kill('SIGKILL')
await rm(folder, { recursive: true })

console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; ${ROUNDS} turns of ${TOKENS} tokens, ${COPIES} processes each`)
for (const build of builds) {
  const own = servers.filter(server => server.build === build)
  const ratios = own.map(({ copy, costs }) => {
    const here = servers.find(server => server.build === builds[0] && server.copy === copy)
    return median(costs.map((cost, round) => cost / here.costs[round])).toFixed(3)
  })
  console.log(`${build === builds[0] ? 'here' : basename(build)}: ${median(own.flatMap(({ costs }) => costs)).toFixed(1)} µs a token, times here: ${ratios.join(' and ')}`)
}
