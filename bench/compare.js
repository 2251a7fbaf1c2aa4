// What a token costs here beside another checkout of the project, which has been built: `npm run bench -- compare FOLDER`.
// Both run with everything on, in short turns, so that what else the machine does meets both. CPU time is compared, not speed.
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { allOn, furnish } from './tokens/folder.js'
import { load, median } from './tokens/load.js'
import { broker, start } from './tokens/servers.js'

const [other, turns = '40'] = process.argv.slice(2)
if (other === undefined || !(Number(turns) > 0)) {
  console.error('Usage: npm run bench -- compare FOLDER [TURNS]\nFOLDER is another checkout of this project, after npm ci.')
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'bench-compare-'))
await furnish(folder)
const here = await start(broker, folder, allOn)
const there = await start({ name: 'the other', command: [process.execPath, resolve(other, 'dist/src/bin.js')] }, folder, { ...allOn, AUDIT_LOG: 'other.log' })
for (const server of [here, there]) await load(server, { seconds: 4 })

const ratios = []
const costs = { here: [], there: [] }
for (let turn = 0; turn < Number(turns); turn++) {
  // Each begins every other turn: the second of two finds the machine warmer.
  const order = turn % 2 === 0 ? [['here', here], ['there', there]] : [['there', there], ['here', here]]
  for (const [name, server] of order) costs[name].push((await load(server, { seconds: 1 })).cpu)
  ratios.push(costs.here.at(-1) / costs.there.at(-1))
}
for (const server of [here, there]) await server.stop()
await rm(folder, { recursive: true })

const sorted = ratios.toSorted((a, b) => a - b)
const at = share => sorted[Math.floor(share * (sorted.length - 1))].toFixed(3)
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; ${turns} turns of a second each`)
console.log(`CPU seconds for 10 000 tokens: here ${median(costs.here).toFixed(2)}, there ${median(costs.there).toFixed(2)}`)
console.log(`here, times there: ${median(ratios).toFixed(3)} (middle half of the turns: ${at(0.25)} to ${at(0.75)})`)
