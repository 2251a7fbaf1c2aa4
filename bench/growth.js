// Whether a token costs more where there is more of everything: users, rules, products, addresses. One run, interleaved
// rounds, medians; each next to the smallest of its kind, in microseconds of CPU a token. `--short` only shows that it runs.
// Then what the broker remembers, in bytes: `npm run bench -- growth --memory [NUMBER]` prints that alone.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printMemory } from './growth/memory.js'
import { allOn, furnish } from './tokens/folder.js'
import { load, lua, median, table } from './tokens/load.js'
import { broker, start } from './tokens/servers.js'

const short = process.argv.includes('--short')
const [flag, number = '1000000'] = process.argv.slice(2)
if (flag === '--memory') {
  await printMemory(Number(number))
  process.exit()
}
const rounds = short ? 1 : 9
const seconds = 1
const many = n => short ? n / 100 : n
const service = `IS${'0'.repeat(32)}`
const addresses = fileURLToPath(new URL('./tokens/addresses.lua', import.meta.url))

/** What grows, from the smallest on: how many, the files, the settings. */
const kinds = {
  users: [1, 1000, many(100_000)].map(n => ({ n, files: { users: n } })),
  rules: [1, many(10_000)].map(n => ({ n, files: { rules: n } })),
  products: [
    { n: 1 },
    { n: 5, env: { PRODUCTS: 'video,voice,sync,chat,conversations', TWILIO_CHAT_SERVICE_SID: service, TWILIO_CONVERSATIONS_SERVICE_SID: service } }
  ],
  addresses: [1, many(10_000)].map(n => ({ n, env: { TRUST_PROXY: '127.0.0.1' }, script: addresses }))
}

const rows = []
for (const [kind, sizes] of Object.entries(kinds)) {
  const runs = []
  for (const { n, files, env, script = lua } of sizes) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-growth-'))
    await furnish(folder, { users: 1, rules: 1, ...files })
    runs.push({ n, folder, script, cpu: [], server: await start(broker, folder, { ...allOn, ...env }) })
  }
  const once = ({ server, script, n }, seconds) => load(server, { seconds, script, env: { ADDRESSES: String(n) } })
  // What grows is there before anything is measured.
  for (const run of runs) await once(run, short ? 1 : 3)
  for (let round = 0; round < rounds; round++) {
    for (const run of runs) run.cpu.push((await once(run, seconds)).cpu * 100)
  }
  const smallest = median(runs[0].cpu)
  for (const { n, cpu, server, folder } of runs) {
    rows.push([kind, n, median(cpu).toFixed(0), (median(cpu) / smallest).toFixed(2)])
    await server.stop()
    await rm(folder, { recursive: true })
  }
}
console.log(table(['what', 'how many', 'µs of CPU a token', 'of the smallest (aim: at most 1.05)'], rows))
await printMemory(many(100_000))
