// Cold logins against the raw hash's own rate on all cores, and warm callers alone against warm callers during a flood of
// wrong passwords. One run, interleaved rounds, medians; the broker is a process of its own, all traffic is loopback's.
import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { verify } from '@node-rs/argon2'
import { hashPassword } from '../dist/src/callers/passwords/formats.js'

const cores = availableParallelism()
const password = 'a password that is right'
const hash = await hashPassword(password)
const rounds = 5
const perRound = 120
const warmUp = 200
const crowd = 60
const users = Array.from({ length: warmUp + rounds * perRound + crowd }, (_, i) => `caller${i}`)
const sid = prefix => prefix + '0'.repeat(32)

const folder = await mkdtemp(join(tmpdir(), 'bench-login-'))
await writeFile(join(folder, 'users.htpasswd'), ['warm', ...users].map(name => `${name}:${hash}\n`).join(''), { mode: 0o600 })
const broker = spawn(process.execPath, [new URL('../dist/src/bin.js', import.meta.url).pathname], {
  cwd: folder,
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    AUDIT_LOG: 'audit.log',
    PRODUCTS: 'video',
    RATE_LIMIT_MAX: '1000000',
    CALLER_LIMIT_MAX: '1000000',
    TWILIO_ACCOUNT_SID: sid('AC'),
    TWILIO_API_KEY_SID: sid('SK'),
    TWILIO_API_KEY_SECRET: 'benchmarkbenchmarkbenchmark00000'
  },
  // To a file: to read a pipe would take the broker's cores.
  stdio: ['ignore', 'ignore', openSync(join(folder, 'log'), 'w')]
})
let port
while (port === undefined) {
  if (broker.exitCode !== null) throw new Error(`the broker ended with ${broker.exitCode}`)
  await setTimeout(20)
  port = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(readFileSync(join(folder, 'log'), 'utf8'))?.[1]
}

/** Connections that wait for work, by the address they come from. */
const idle = new Map()

/** A bare socket, one request at a time: an HTTP client of Node's would take a tenth of the cores that the hashes are to have. */
function connection (from) {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from }).setNoDelay()
  let answered
  let text = ''
  socket.on('data', bytes => {
    text += bytes.latin1Slice()
    const [head, body] = text.split('\r\n\r\n')
    if (body === undefined || body.length < Number(/^content-length: (\d+)/im.exec(head)[1])) return
    text = ''
    answered.resolve(Number(head.slice(9, 12)))
  })
  for (const end of ['error', 'close']) socket.on(end, () => answered.reject(new Error(`a connection had ${end}`)))
  return {
    ask: (text) => new Promise((resolve, reject) => {
      answered = { resolve, reject }
      socket.write(text)
    }),
    open: () => !socket.destroyed,
    end: () => socket.destroy()
  }
}

/** @returns {Promise<{status: number, ms: number}>} */
function login (name, secret, from) {
  return get('/token/video', from, `Authorization: Basic ${btoa(`${name}:${secret}`)}\r\n`)
}

async function get (path, from = '127.0.0.1', headers = '') {
  const waiting = idle.get(from) ?? []
  // The broker closes a connection that idles for 10 s, and one that has had 1000 requests.
  const used = waiting.findLast(({ open }) => open()) ?? { ...connection(from), left: 1000 }
  idle.set(from, waiting.filter(other => other !== used && other.open()))
  const start = performance.now()
  const status = await used.ask(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`)
  if (--used.left > 0) idle.get(from).push(used)
  return { status, ms: performance.now() - start }
}

/** Runs all of `work`, `atOnce` at a time. @returns what a second of it does */
async function rate (work, atOnce) {
  const left = [...work]
  const start = performance.now()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left.length > 0) await left.pop()()
  }))
  return work.length / (performance.now() - start) * 1000
}

const at = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))]
/** Latency of a sign of life, again and again until `work` is done. */
async function aliveDuring (work) {
  let done = false
  const ended = work.finally(() => { done = true })
  for (;;) {
    alive.push((await get('/healthz')).ms)
    if (done) break
    await setTimeout(5)
  }
  await ended
}

const right = async answer => {
  if ((await answer).status !== 200) throw new Error(`a login was answered ${(await answer).status}`)
}

async function warmLatency (seconds) {
  const times = []
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) times.push((await login('warm', password, '127.0.0.2')).ms)
  return times
}

const raw = []
const cold = []
const alone = []
const flooded = []
const alive = []
await right(login('warm', password, '127.0.0.2'))
// Code that runs for the first time is slow, and an operator's broker has run before.
await rate(Array.from({ length: 5000 }, () => () => right(login('warm', password, '127.0.0.2'))), 16)
await rate(users.splice(0, warmUp).map(name => () => right(login(name, password))), 32)
for (let round = 0; round < rounds; round++) {
  const batch = users.slice(round * perRound, (round + 1) * perRound)
  raw.push(await rate(batch.map(() => () => verify(hash, password)), cores))
  cold.push(await rate(batch.map(name => () => right(login(name, password))), 32))
  alone.push(...await warmLatency(1))
  const flood = new AbortController()
  const guesses = Array.from({ length: 32 }, async (_, i) => {
    for (let n = 0; !flood.signal.aborted; n++) await login(`nobody-${round}-${i}-${n}`, 'a wrong one', `127.0.0.${10 + i}`)
  })
  flooded.push(...await warmLatency(1))
  flood.abort()
  await Promise.all(guesses)
}
// As many at once as may wait for one address, all for the first time.
await aliveDuring(Promise.all(users.slice(-crowd).map(name => right(login(name, password)))))
broker.kill('SIGTERM')
for (const { end } of [...idle.values()].flat()) end()
await rm(folder, { recursive: true })

const ratio = at(cold, 0.5) / at(raw, 0.5)
console.log(`hashes a second, raw, ${cores} at once   ${at(raw, 0.5).toFixed(1)}`)
console.log(`cold logins a second, one address  ${at(cold, 0.5).toFixed(1)}   ${ratio.toFixed(2)} of raw (aim: 0.9)`)
for (const [name, share] of [['median', 0.5], ['p99', 0.99]]) {
  console.log(`warm ${name}, ms   alone ${at(alone, share).toFixed(2)}   during a flood ${at(flooded, share).toFixed(2)}   ${(at(flooded, share) / at(alone, share)).toFixed(1)} × (aim: 3)`)
}
console.log(`/healthz p99, ms, during ${crowd} cold logins at once   ${at(alive, 0.99).toFixed(1)} (aim: under 100)`)
