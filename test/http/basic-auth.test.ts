import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { availableParallelism } from 'node:os'
import t from 'tap'
import { hashPassword } from '../../src/callers/passwords/formats.js'
import { basic, cheapHash, secrets, startBroker } from '../helpers/broker.js'
import { heldHashes } from '../helpers/held-hashes.js'
import { ask } from '../helpers/http.js'
import { heldTimers } from '../helpers/held-timers.js'
import { verifyHash as inThread } from '../helpers/in-thread.js'
import { random } from '../helpers/random.js'
import { open } from '../helpers/token.js'
import { until } from '../helpers/until.js'

t.test('S1: 1000 interleaved requests of 50 callers, some hung up, some with wrong passwords: each token is its own caller\'s', async t => {
  const names = Array.from({ length: 50 }, (_, i) => `caller_${i}`)
  const broker = await startBroker({ users: Object.fromEntries(names.map(name => [name, `password-of-${name}`])), settings: { LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  const { hostname, port } = new URL(broker.url)
  const { pick } = random(50)
  const tokens: string[] = []

  const hangUp = (as: string) => new Promise<void>(resolve => {
    const hung = request({ hostname, port, path: '/token/video', headers: { Authorization: as }, agent: false })
    hung.on('error', () => resolve()).on('close', () => resolve())
    hung.end(() => setImmediate(() => hung.destroy()))
  })
  const one = async (i: number) => {
    const name = names[i % 50]!
    const kind = pick(['right', 'right', 'right', 'wrong', 'hung up'])
    if (kind === 'hung up') return hangUp(basic(name, `password-of-${name}`))
    const password = kind === 'right' ? `password-of-${name}` : `password-of-${names[(i + 1) % 50]}`
    const answer = await ask(broker.url, { as: basic(name, password), path: pick(['/token/video', '/token/sync', '/token']) })
    t.equal(answer.status, kind === 'right' ? 200 : 401)
    if (answer.status !== 200) return
    tokens.push(answer.body.token)
    t.equal(open(answer.body.token, secrets.keySecret).claims.grants.identity, name)
    t.equal(answer.body.identity, name)
  }
  let next = 0
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (next < 1000) await one(next++)
  }))

  await until(async () => (await broker.audit()).filter(({ event }) => event === 'token.issued').length >= tokens.length)
  const lines = new Set((await broker.audit()).map(({ tokenSha256 }) => tokenSha256))
  t.ok(tokens.every(token => lines.has(createHash('sha256').update(token).digest('hex'))), 'every token that was returned has its line')
})

t.test('S16: 200 concurrent pairs that differ in name or password share no result', async t => {
  const broker = await startBroker({ users: { susan: 'secret123', juan: 'secret456' }, settings: { LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  const logins: Array<{ name: string, password: string, status: number }> = [
    { name: 'susan', password: 'secret123', status: 200 },
    { name: 'susan', password: 'secret456', status: 401 },
    { name: 'juan', password: 'secret456', status: 200 },
    { name: 'juan', password: 'secret123', status: 401 },
    { name: 'nobody', password: 'secret123', status: 401 },
    { name: 'susan', password: 'secret1234', status: 401 },
    { name: 'susan', password: 'secret12', status: 401 }
  ]
  const results = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const { name, password, status } = logins[i % logins.length]!
    return (await ask(broker.url, { as: basic(name, password) })).status === status
  }))
  t.ok(results.every(Boolean))
})

t.test('S97: more first logins than may wait are overloaded at once, the others get in, and signs of life are answered meanwhile', async t => {
  const names = Array.from({ length: 200 }, (_, i) => `caller_${i}`)
  const hash = await cheapHash('secret123')
  const hashes = heldHashes()
  const broker = await startBroker({ files: { many: names.map(name => `${name}:${hash}\n`).join('') }, settings: { USERS_FILE: 'many' }, verifyHash: hashes.verifyHash })
  t.teardown(broker.close)
  // They wait as long as this test holds them.
  heldTimers(t, 20_000)
  hashes.hold()
  let answered = 0
  const logins = names.map(async name => {
    const answer = await ask(broker.url, { as: basic(name, 'secret123') })
    answered++
    return answer
  })
  const admitted = availableParallelism() + 64
  await until(() => answered === names.length - admitted)
  for (let i = 0; i < 20; i++) t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  hashes.release()
  const answers = await Promise.all(logins)
  const refused = answers.filter(({ status }) => status !== 200)
  t.ok(refused.every(({ status, body, headers }) => status === 503 && body.code === 'overloaded' && Number(headers['retry-after']) > 0))
  t.equal(answers.length - refused.length, admitted, 'those that may wait are let in')
})

t.test('who hangs up leaves the queue, wherever the credentials were', async t => {
  let letOn = () => {}
  const held = new Promise<void>(resolve => { letOn = resolve })
  const hashed: string[] = []
  const broker = await startBroker({
    users: { olga: 'secret123', ann: 'secret123', bob: 'secret123' },
    settings: { OPERATORS: 'olga' },
    async verifyHash (hash, password) {
      hashed.push(password)
      if (password === 'the first') await held
      return inThread(hash, password)
    }
  })
  t.teardown(broker.close)
  const waiting = async (count: number) => (await ask(broker.url, { method: 'GET', path: '/metrics', as: basic('olga', 'secret123') })).text.includes(`token_broker_hashes_waiting ${count}\n`)
  await until(() => waiting(0))
  // As many as hash at once, while no other address wants a place.
  const first = Array.from({ length: availableParallelism() }, (_, i) => ask(broker.url, { as: basic(`nobody${i}`, 'the first') }))
  await until(() => hashed.length === first.length + 1)
  const json = JSON.stringify({ username: 'bob', password: 'secret123' })
  const sent = [
    request(`${broker.url}/token/video`, { method: 'GET', headers: { Authorization: basic('ann', 'secret123') }, agent: false }),
    request(`${broker.url}/token`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) }, agent: false })
  ]
  for (const hung of sent) hung.on('error', () => {})
  sent[0]!.end()
  sent[1]!.end(json)
  await until(() => waiting(2))
  for (const hung of sent) hung.destroy()
  await until(() => waiting(0))
  letOn()
  await Promise.all(first)
  t.equal((await ask(broker.url, { as: basic('ann', 'secret123') })).status, 200)
  t.equal(hashed.length, first.length + 2, 'nothing was hashed for those who had gone')
})

t.test('who hangs up before the answer has guessed all the same', async t => {
  let letOn = () => {}
  let held = Promise.resolve()
  let hashed = 0
  const broker = await startBroker({
    users: { ann: 'secret123' },
    settings: { LOGIN_FAILURES_MAX: '2' },
    async verifyHash (hash, password) {
      hashed++
      await held
      return inThread(hash, password)
    }
  })
  t.teardown(broker.close)
  const right = () => ask(broker.url, { as: basic('ann', 'secret123') })
  t.equal((await right()).status, 200)
  held = new Promise(resolve => { letOn = resolve })
  const sent = [1, 2].map(i => request(`${broker.url}/token/video`, { headers: { Authorization: basic('ann', `guess ${i}`) }, agent: false }))
  for (const hung of sent) hung.on('error', () => {}).end()
  await until(() => hashed === 3)
  for (const hung of sent) hung.destroy()
  // What was sent before is read before.
  for (let i = 0; i < 3; i++) await ask(broker.url, { method: 'GET', path: '/healthz' })
  letOn()
  t.has(await right(), { status: 429, body: { code: 'login-limited' } }, 'though it is remembered')
})

t.test('S114: every byte of a password counts', async t => {
  const long = 'x'.repeat(80)
  const broker = await startBroker({ users: { bcrypt72: 'y'.repeat(72) }, settings: { LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  await broker.write('users.htpasswd', `${readFileSync(`${broker.folder}/users.htpasswd`, 'utf8')}long:${await hashPassword(long)}\n`)
  await broker.reload()
  const status = async (name: string, password: string) => (await ask(broker.url, { as: basic(name, password) })).status
  t.equal(await status('long', long), 200)
  t.equal(await status('long', `${'x'.repeat(72)}y${'x'.repeat(7)}`), 401, 'byte 73 of 80')
  t.equal(await status('bcrypt72', 'y'.repeat(72)), 200)
  t.equal(await status('bcrypt72', 'y'.repeat(73)), 401, 'bcrypt itself would take it')
})

t.test('no secret, password or token is in any log, at any level', async t => {
  const canary = { TWILIO_API_KEY_SECRET: 'canarysecretcanarysecretcanary00' }
  const broker = await startBroker({ users: { susan: 'canary-password' }, settings: { ...canary, LOG_LEVEL: 'trace' } })
  const { body } = await ask(broker.url, { as: basic('susan', 'canary-password') })
  await ask(broker.url, { as: basic('canary-name', 'canary-wrong') })
  await ask(broker.url, { as: basic('susan', 'canary-password'), path: '/token/video?password=canary-query' })
  await ask(broker.url, { path: '/token', body: { username: 'susan', password: 'canary-password', x: 'canary-body' } })
  await ask(broker.url, { as: basic('susan', 'canary-password'), path: '/token/canary%0apath' })
  const everything = broker.log() + JSON.stringify(await broker.audit())
  t.match(everything, /"product":"video","status":200/)
  t.notMatch(everything.replaceAll('/token/canary%0apath', ''), /canary/)
  t.notOk(everything.includes(body.token))
  await broker.close()
})
