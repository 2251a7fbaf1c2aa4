// A users file of 100 000 lines: how long it takes to load, what it costs in memory, and how long a reload keeps the event
// loop from other work. One run; medians of five.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadUsers } from '../dist/src/callers/users-file/load.js'
import { hashPassword } from '../dist/src/callers/passwords/formats.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
const held = () => {
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}
const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

const lines = 100_000
const folder = await mkdtemp(join(tmpdir(), 'bench-users-'))
const path = join(folder, 'users.htpasswd')
// Salts and digests that differ, as in a real file: equal strings might be shared.
const [, , parameters] = (await hashPassword('x')).split('$').slice(1)
const tail = length => Buffer.from(Array.from({ length }, () => Math.random() * 256)).toString('base64').replace(/=+$/, '')
await writeFile(path, Array.from({ length: lines }, (_, i) => `caller${i}@example.com:$argon2id$v=19$${parameters}$${tail(16)}$${tail(32)}\n`).join(''), { mode: 0o600 })

const times = []
const pauses = []
const before = held()
let loaded
for (let round = 0; round < 5; round++) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  loaded = (await loadUsers(path, 'users.htpasswd', loaded?.users.callers))
  times.push(performance.now() - start)
  delay.disable()
  pauses.push(delay.max / 1e6)
  if (loaded.users.callers.size !== lines) throw new Error('not all lines were taken')
}
console.log(`load, ms                 ${times.map(ms => ms.toFixed(0)).join(' ')}   (aim: under 1000)`)
console.log(`longest pause, ms        ${pauses.map(ms => ms.toFixed(0)).join(' ')}   median ${median(pauses).toFixed(0)} (aim: under 50)`)
console.log(`memory, MB               ${(held() - before).toFixed(0)}   (aim: under 100)`)
await rm(folder, { recursive: true })
