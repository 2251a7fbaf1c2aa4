import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { readFileSync, renameSync, unlinkSync } from 'node:fs'
import t from 'tap'
import { basic, cheapHash, complete, secrets, startBroker, susan } from '../helpers/broker.js'
import { ask, raw } from '../helpers/http.js'
import { open } from '../helpers/token.js'
import { until } from '../helpers/until.js'

const policy = (allow: string) => `rules:\n  - who: ["*"]\n    allow: { ${allow} }\n`
const { PORT, AUDIT_LOG, RATE_LIMIT_MAX, CALLER_LIMIT_MAX, ...account } = complete
const env = (settings: Record<string, string>) => Object.entries({ ...account, ...settings }).map(([name, value]) => `${name}=${value}\n`).join('')
/** Unset in the environment, so that `.env` has the say. */
const unset = Object.fromEntries(Object.keys(account).map(name => [name, '']))

t.test('O18: a reload takes up policy and settings whole, or leaves all as it was and says why', async t => {
  const broker = await startBroker({
    settings: { ...unset, POLICY_FILE: 'policy.yaml' },
    files: { '.env': env({}), 'policy.yaml': policy('video: {}') }
  })
  t.teardown(broker.close)
  const video = () => ask(broker.url, { as: susan, body: { ttl: 300 } })
  const sync = () => ask(broker.url, { as: susan, path: '/token/sync' })
  t.equal((await video()).status, 200)
  t.has(await sync(), { status: 403, body: { code: 'not-allowed', errors: [{ path: '/sync' }] } })

  await broker.write('policy.yaml', policy('sync: {}, vide: {}'))
  await broker.reload()
  t.match(broker.log(), /settings not taken, the old ones stay: policy\.yaml:3:\d+ /)
  t.equal((await sync()).status, 403, 'a policy with a mistake changes nothing')

  await broker.write('policy.yaml', policy('sync: {}'))
  const rotated = { TWILIO_API_KEY_SID: `SK${'9'.repeat(32)}`, TWILIO_API_KEY_SECRET: 'f00dfacef00dfacef00dfacef00dface' }
  await broker.write('.env', env({ ...rotated, PORT: '1', TOKEN_TTL: '900' }))
  await broker.reload()
  t.equal((await video()).status, 403)
  const answer = await sync()
  t.match(answer, { status: 200, body: { expiresIn: 900 } })
  t.has(open(answer.body.token, rotated.TWILIO_API_KEY_SECRET).claims, { iss: rotated.TWILIO_API_KEY_SID }, 'the rotated key signs')
  t.has((await broker.audit()).at(-1), { keySid: rotated.TWILIO_API_KEY_SID })

  await broker.write('.env', env({ ...rotated, TOKEN_TTL: 'x' }))
  await broker.reload()
  t.match(broker.log(), /settings not taken, the old ones stay: TOKEN_TTL must be/)
  t.equal((await sync()).body.expiresIn, 900)
})

t.test('a reload takes up every limit and the log level, and keeps what was counted', async t => {
  const ours = { LOG_LEVEL: '', RATE_LIMIT_MAX: '', CALLER_LIMIT_MAX: '' }
  const broker = await startBroker({ users: { susan: 'secret123', juan: 'secret123' }, settings: { ...unset, ...ours }, files: { '.env': env({ LOG_LEVEL: 'debug' }) } })
  t.teardown(broker.close)
  const wrong = () => ask(broker.url, { as: basic('juan', 'wrong-one') })
  const lines = () => broker.log().split('"request"').length - 1
  for (let i = 0; i < 2; i++) t.equal((await wrong()).status, 401)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  await until(() => lines() === 3)

  await broker.write('.env', env({ LOG_LEVEL: 'warn', RATE_LIMIT_MAX: '8', CALLER_LIMIT_MAX: '2', LOGIN_FAILURES_MAX: '3' }))
  await broker.reload()
  t.equal((await wrong()).status, 401)
  t.has(await wrong(), { status: 429, body: { code: 'login-limited' } })
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  t.has(await ask(broker.url, { as: susan }), { status: 429, body: { code: 'caller-limited' } })
  t.equal((await ask(broker.url)).status, 401)
  t.has(await ask(broker.url), { status: 429, body: { code: 'rate-limited' } })
  t.equal(lines(), 3, 'and no line for a request any more')
})

t.test('a change of the policy or of .env is taken up by itself, also one that renames over it', async t => {
  const broker = await startBroker({ settings: unset, files: { '.env': env({}), 'first.yaml': policy('video: {}'), 'second.yaml': policy('sync: {}') } })
  t.teardown(broker.close)
  const statuses = async () => Promise.all(['video', 'sync'].map(async product => (await ask(broker.url, { as: susan, path: `/token/${product}` })).status))
  const become = (...expected: number[]) => until(async () => (await statuses()).join() === expected.join())
  t.strictSame(await statuses(), [200, 200])
  await broker.write('.env', env({ POLICY_FILE: 'first.yaml' }))
  await become(200, 403)
  await broker.write('next', policy('sync: {}'))
  renameSync(join(broker.folder, 'next'), join(broker.folder, 'first.yaml'))
  await become(403, 200)
  unlinkSync(join(broker.folder, 'first.yaml'))
  await until(() => /not taken, the old ones stay: first\.yaml cannot be read/.test(broker.log()))
  t.strictSame(await statuses(), [403, 200])
  await broker.write('.env', env({ POLICY_FILE: 'second.yaml', SHUTDOWN_DELAY: '1', PRODUCTS: 'sync' }))
  await become(404, 200)
  t.match(broker.log(), /SHUTDOWN_DELAY has changed, which needs a restart/)
})

t.test('a change right behind a start or a reload is seen all the same', async t => {
  const broker = await startBroker({ settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': policy('video: {}'), first: policy('sync: {}'), second: policy('video: {}') } })
  t.teardown(broker.close)
  const isGiven = (product: string) => until(async () => (await ask(broker.url, { as: susan, path: `/token/${product}` })).status === 200)
  renameSync(join(broker.folder, 'first'), join(broker.folder, 'policy.yaml'))
  await isGiven('sync')
  await broker.reload()
  renameSync(join(broker.folder, 'second'), join(broker.folder, 'policy.yaml'))
  await isGiven('video')
})

t.test('S19: a .env that is gone takes no setting with it, and so not the policy', async t => {
  const broker = await startBroker({ files: { '.env': 'POLICY_FILE=policy.yaml\n', 'policy.yaml': policy('video: {}') } })
  t.teardown(broker.close)
  const sync = async () => (await ask(broker.url, { as: susan, path: '/token/sync' })).status
  unlinkSync(join(broker.folder, '.env'))
  await until(() => /not taken, the old ones stay: \.env is gone/.test(broker.log()))
  t.equal(await sync(), 403)
  await broker.write('.env', 'POLICY_FILE=policy.yaml\nTOKEN_TTL=600\n')
  await until(async () => (await ask(broker.url, { as: susan })).body.expiresIn === 600)
  t.equal(await sync(), 403)
})

t.test('after reloads, a change is still taken up once', async t => {
  const broker = await startBroker({ settings: unset, files: { '.env': env({}) } })
  t.teardown(broker.close)
  for (let i = 0; i < 3; i++) await broker.reload()
  const taken = () => broker.log().split('settings taken').length
  const before = taken()
  for (const ttl of ['600', '700', '800']) {
    await broker.write('.env', env({ TOKEN_TTL: ttl }))
    await until(async () => (await ask(broker.url, { as: susan })).body.expiresIn === Number(ttl))
  }
  t.equal(taken() - before, 3)
})

t.test('a flood of SIGHUPs is taken for two, and the last word counts', async t => {
  const broker = await startBroker({ settings: unset, files: { '.env': env({}) } })
  t.teardown(broker.close)
  const taken = () => broker.log().split('settings taken').length
  const before = taken()
  await broker.write('.env', env({ TOKEN_TTL: '600' }))
  await Promise.all(Array.from({ length: 200 }, () => broker.reload()))
  t.ok(taken() - before <= 3, `${taken() - before} times`)
  t.equal((await ask(broker.url, { as: susan })).body.expiresIn, 600)
})

t.test('O31: an audit log that cannot be opened again goes on in the old file', async t => {
  const broker = await startBroker({ settings: { AUDIT_LOG: 'logs/audit.log' }, folders: ['logs'] })
  t.teardown(broker.close)
  renameSync(join(broker.folder, 'logs'), join(broker.folder, 'gone'))
  await broker.reload()
  t.match(broker.log(), /AUDIT_LOG cannot be opened again/)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  t.match(readFileSync(join(broker.folder, 'gone/audit.log'), 'utf8'), /token\.issued/)
})

t.test('O24: 100 reloads under load, half of them bad, fail no request, and each token is wholly by one key', async t => {
  const broker = await startBroker({ settings: unset, files: { '.env': env({}) } })
  t.teardown(broker.close)
  const keys = [
    { TWILIO_API_KEY_SID: secrets.keySid, TWILIO_API_KEY_SECRET: secrets.keySecret },
    { TWILIO_API_KEY_SID: `SK${'8'.repeat(32)}`, TWILIO_API_KEY_SECRET: 'beefbeefbeefbeefbeefbeefbeefbeef' }
  ]
  const reloads = new AbortController()
  let asked = 0
  const load = async () => {
    while (!reloads.signal.aborted) {
      const answer = await ask(broker.url, { as: susan })
      asked++
      if (answer.status !== 200) t.fail(`${answer.status} during a reload`)
      const { iss } = JSON.parse(Buffer.from(answer.body.token.split('.')[1]!, 'base64url').toString())
      open(answer.body.token, keys.find(key => key.TWILIO_API_KEY_SID === iss)!.TWILIO_API_KEY_SECRET)
    }
  }
  const loads = [load(), load()]
  const isEnough = () => asked > 50
  for (let i = 0; i < 100 || !isEnough(); i++) {
    await broker.write('.env', i % 2 === 0 ? env(keys[i / 2 % 2]!) : env({ TWILIO_API_KEY_SID: 'nonsense' }))
    await broker.reload()
  }
  reloads.abort()
  await Promise.all(loads)
  const lines = await broker.audit()
  t.equal(lines.filter(({ event }) => event === 'token.issued').length, asked, 'as many lines as tokens')
})

t.test('S17: a removed or re-passworded caller is refused, and the others stay signed in', async t => {
  const broker = await startBroker({ users: { susan: 'secret123', juan: 'secret123' } })
  t.teardown(broker.close)
  const status = async (name: string, password: string) => (await ask(broker.url, { as: basic(name, password) })).status
  for (const name of ['susan', 'juan']) t.equal(await status(name, 'secret123'), 200)
  await broker.write('users.htpasswd', `juan:${await cheapHash('another-one')}\n`)
  await until(async () => await status('susan', 'secret123') === 401)
  t.equal(await status('juan', 'secret123'), 401)
  t.equal(await status('juan', 'another-one'), 200)
  unlinkSync(join(broker.folder, 'users.htpasswd'))
  await until(() => /users file rejected/.test(broker.log()))
  t.equal(await status('juan', 'another-one'), 200, 'a file that is gone takes nobody\'s login')
})

t.test('O33: a shutdown answers what is under way and ends in spite of idle and half-sent sockets', async t => {
  const broker = await startBroker()
  const { hostname, port } = new URL(broker.url)
  const idle = connect(Number(port), hostname)
  await once(idle, 'connect')
  const half = connect(Number(port), hostname)
  half.write('POST /token/video HTTP/1.1\r\nHost: x\r\nAuthor')
  const answers = Array.from({ length: 50 }, (_, i) => ask(broker.url, { as: i % 2 ? susan : basic('susan', `wrong-${i}`) }))
  await until(async () => (await broker.audit()).length > 0)
  const closed = broker.close()
  const statuses = (await Promise.allSettled(answers)).flatMap(result => result.status === 'fulfilled' ? [result.value.status] : [])
  await closed
  t.ok(statuses.length > 0 && statuses.every(status => [200, 401, 429].includes(status)), statuses.join(' '))
  await t.rejects(ask(broker.url))
})

t.test('it listens on IPv6, and its own origins are those', async t => {
  const broker = await startBroker({ settings: { HOST: '::1' } })
  t.teardown(broker.close)
  t.match(broker.url, /^http:\/\/\[::1\]:\d+$/)
  const { port } = new URL(broker.url)
  const answer = await fetch(`${broker.url}/token/video`, { headers: { Authorization: susan, Origin: `http://[::1]:${port}`, 'Sec-Fetch-Mode': 'cors' } })
  t.equal(answer.status, 200)
  t.has((await broker.audit()).at(-1), { ip: '::1' })
})

t.test('S104: a socket that sends nothing, or headers or a body too slowly, is closed', async t => {
  const broker = await startBroker()
  t.teardown(broker.close)
  const slow = [
    '',
    'GET /token/video HTTP/1.1\r\nHost: x\r\n',
    `POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
  ]
  const answers = await Promise.all(slow.map(bytes => raw(broker.url, bytes)))
  for (const answer of answers) t.match(answer, /^(HTTP\/1\.1 408 |$)/)
})
