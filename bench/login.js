// Cold logins against the raw hash's own rate on all cores, and warm callers alone against warm callers during a flood of
// wrong passwords. One run, interleaved rounds, medians; the broker is a process of its own, all traffic is loopback's.
import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { verify } from '@node-rs/argon2'
import { hashPassword } from '../dist/src/callers/passwords.js'

const cores = availableParallelism()
const password = 'a password that is right'
const hash = await hashPassword(password)
const rounds = 5
const perRound = 120
const warmUp = 200
const users = Array.from({ length: warmUp + rounds * perRound }, (_, i) => `caller${i}`)
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

const agent = new Agent({ keepAlive: true })
/** @returns {Promise<{status: number, ms: number}>} */
function login (name, secret, from = '127.0.0.1') {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path: '/token/video',
      agent,
      localAddress: from,
      headers: { Authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` }
    }, response => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode, ms: performance.now() - start }))
    })
    asked.on('error', reject)
    asked.end()
  })
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
await right(login('warm', password, '127.0.0.2'))
// Code that runs for the first time is slow, and an operator's broker has run before.
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
broker.kill('SIGTERM')
agent.destroy()
await rm(folder, { recursive: true })

const ratio = at(cold, 0.5) / at(raw, 0.5)
console.log(`hashes a second, raw, ${cores} at once   ${at(raw, 0.5).toFixed(1)}`)
console.log(`cold logins a second, one address  ${at(cold, 0.5).toFixed(1)}   ${ratio.toFixed(2)} of raw (aim: 0.9)`)
for (const [name, share] of [['median', 0.5], ['p99', 0.99]]) {
  console.log(`warm ${name}, ms   alone ${at(alone, share).toFixed(2)}   during a flood ${at(flooded, share).toFixed(2)}   ${(at(flooded, share) / at(alone, share)).toFixed(1)} × (aim: 3)`)
}
