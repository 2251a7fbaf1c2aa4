// The herd: after a restart, the pages of very many callers renew at once. What a renewal costs by session, beside a cold
// login and a remembered password: `npm run bench -- herd [SESSIONS]`. Whole requests over loopback, by the broker's CPU time.
import { fork } from 'node:child_process'
import { hash, randomBytes, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { fingerprintOf } from '../dist/src/callers/session/fingerprint.js'
import { SessionKeys } from '../dist/src/callers/session/keys.js'
import { signSession } from '../dist/src/callers/session/signed-session.js'
import { hashPassword } from '../dist/src/callers/passwords/formats.js'
import { basic, Connection, requestOf } from './tokens/connection.js'
import { median } from './tokens/load.js'
import { newPageKey } from './tokens/page-key.js'
import { broker, start } from './tokens/servers.js'

const total = Number(process.argv[2] ?? 100_000)
if (!Number.isSafeInteger(total) || total < 1000) {
  console.error('Usage: npm run bench -- herd [SESSIONS]\nSESSIONS is a number of at least 1000; by default 100000.')
  process.exit(2)
}
const atOnce = 16
const perRound = Math.min(4000, total)
const rounds = Math.ceil(total / perRound)
const coldPerRound = 12
/** The other kinds of requests cost the same in every round, so fewer of them tell. */
const othersPerRound = 2000
/** Logins of another client before the herd begins, for comparison. */
const LOGINS_ALONE = 100

const secret = 'a-secret-for-a-benchmark-long-enough'
const password = 'a password that is right'
const passwordHash = await hashPassword(password)
const holders = Array.from({ length: total }, (_, i) => `holder${i}`)
/** As many callers as renew by session, whose passwords are remembered. Their hashes are cheap, so that this does not take long. */
const colleagues = Array.from({ length: othersPerRound }, (_, i) => `colleague${i}`)
const cheapHash = await bcryptHash(password, 4)
const cold = Array.from({ length: rounds * coldPerRound + LOGINS_ALONE + 400 }, (_, i) => `cold${i}`)

const folder = await mkdtemp(join(tmpdir(), 'bench-herd-'))
await writeFile(join(folder, 'users.htpasswd'), `susan:${await hashPassword('secret123')}\n${[...holders, ...cold].map(name => `${name}:${passwordHash}\n`).join('')}${colleagues.map(name => `${name}:${cheapHash}\n`).join('')}`, { mode: 0o600 })

/** Just started: it knows no caller and no key. `start` itself signs in as susan, once. */
const server = await start(broker, folder, {
  PRODUCTS: 'video',
  AUDIT_LOG: 'audit.log',
  SESSION_SECRET: secret,
  RATE_LIMIT_MAX: '1000000',
  CALLER_LIMIT_MAX: '1000000'
})
const url = `http://127.0.0.1:${server.port}`

const keys = new SessionKeys([secret])
const now = () => Math.floor(Date.now() / 1000)
const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A page that signed in an hour ago. */
function pageOf (name) {
  const { privateKey, jwk } = newPageKey()
  const caller = { name, identity: name }
  const session = signSession(keys.first, {
    login: name,
    caller,
    id: randomBytes(12).toString('base64url'),
    opened: now() - 3600,
    ends: now() + 36_000,
    thumbprint: hash('sha256', JSON.stringify(jwk), 'buffer'),
    fingerprint: fingerprintOf(keys.first, 'users-file', name, { caller, credential: passwordHash })
  })
  return { privateKey, header: encode({ typ: 'dpop+jwt', alg: 'ES256', jwk }), session, ath: hash('sha256', session, 'base64url') }
}

function renewalOf ({ privateKey, header, session, ath }, nonce) {
  const signed = `${header}.${encode({ htm: 'POST', htu: `${url}/token/video`, iat: now(), jti: randomUUID(), ath, nonce })}`
  const proof = `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  return requestOf('POST', '/token/video', `Authorization: DPoP ${session}\r\nDPoP: ${proof}\r\n`)
}

const connections = Array.from({ length: atOnce }, () => new Connection(server.port))

/** Sends all of them, some at once. @returns CPU seconds and seconds for each */
async function send (requests) {
  const left = [...requests]
  const [cpu, began] = [server.cpu(), performance.now()]
  await Promise.all(connections.map(async connection => {
    while (left.length > 0) {
      const head = await connection.ask(left.pop())
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(`not a token: ${head.split('\r\n', 1)[0]}`)
    }
  }))
  return { cpu: (server.cpu() - cpu) / requests.length, seconds: (performance.now() - began) / 1000 / requests.length }
}

const p99 = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * 0.99)]

const nonce = /^dpop-nonce: (.*)$/im.exec(await connections[0].ask(requestOf('POST', '/token/video', 'DPoP: none\r\n')))[1]
const results = { 'session, new key': [], 'session, remembered key': [], 'remembered password': [], 'cold login': [] }
await send(colleagues.map(name => basic(name, password)))
const strangers = [...cold]
const known = []
for (let round = 0; round < rounds; round++) {
  const pages = holders.slice(round * perRound, (round + 1) * perRound).map(pageOf)
  const renewals = pages.map(page => renewalOf(page, nonce))
  results['session, new key'].push(await send(renewals))
  if (known.length < 20_000) known.push(...pages)
  const others = pages.slice(0, othersPerRound)
  results['session, remembered key'].push(await send(others.map(page => renewalOf(page, nonce))))
  results['remembered password'].push(await send(colleagues.map(name => basic(name, password))))
  results['cold login'].push(await send(strangers.splice(0, coldPerRound).map(name => basic(name, password))))
}

// What others notice of it: the same herd once more, with new proofs.
const probe = fork(fileURLToPath(new URL('./tokens/probe.js', import.meta.url)), [String(server.port), password])
await once(probe, 'message')
probe.send({ names: strangers.splice(0, LOGINS_ALONE) })
const [alone] = await once(probe, 'message')
const crowd = []
for (const page of known) {
  crowd.push(renewalOf(page, nonce))
  // Sockets that the broker closes meanwhile are to be noticed.
  if (crowd.length % 100 === 0) await nextTurn()
}
probe.send({ names: strangers })
const beside = once(probe, 'message')
await send(crowd)
probe.send('stop')
const [herd] = await beside
probe.disconnect()
for (const connection of connections) connection.close()
await server.stop()
await rm(folder, { recursive: true })

const cost = name => median(results[name].map(({ cpu }) => cpu))
const ratio = (one, other) => median(results[one].map(({ cpu }, round) => results[other][round].cpu / cpu))
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; ${total} sessions, ${rounds} rounds, ${atOnce} connections; the load generator shares the cores\n`)
console.log('| a token by | CPU, µs | tokens a second |\n|---|---|---|')
for (const [name, turns] of Object.entries(results)) console.log(`| ${name} | ${(cost(name) * 1e6).toFixed(0)} | ${(1 / median(turns.map(({ seconds }) => seconds))).toFixed(0)} |`)
console.log(`\nA session with a new key is ${ratio('session, new key', 'cold login').toFixed(1)} times as cheap as a cold login (aim: 25), and does ${ratio('session, new key', 'remembered password').toFixed(2)} of what a remembered password does (aim: 0.22); with its key remembered ${ratio('session, remembered key', 'remembered password').toFixed(2)} (aim: 0.40).`)
for (const name of ['health', 'login']) {
  const [before, during] = [p99(alone[name]), p99(herd[name])]
  console.log(`p99 of ${name}, ms: alone ${before.toFixed(1)}, during the herd ${during.toFixed(1)} (${(during / before).toFixed(1)} times; ${herd[name].length} asked)`)
}
