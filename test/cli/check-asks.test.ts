import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { complete } from '../helpers/broker.js'
import { freePort } from '../helpers/free-port.js'
import { inProcess } from '../helpers/in-process.js'
import { answer, loginServer, no, yes } from '../helpers/login-server.js'
import { noRedis, redisServer } from '../helpers/redis.js'

const hash = '$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa'
const usersFile = { 'users.htpasswd': `susan:${hash}\njuan:${hash}\n`, 'policy.yaml': 'rules: [{ who: [susan], allow: { video: {} } }]\n' }
const settings = { ...complete, AUDIT_LOG: 'stdout', POLICY_FILE: 'policy.yaml' }
const closed = await freePort()

/** The folder's files are not readable for others, which would be a warning of its own. */
function folder (t: Test, files: Record<string, string> = {}): string {
  const all = { ...usersFile, ...files }
  const cwd = t.testdir(all)
  for (const name of Object.keys(all)) chmodSync(join(cwd, name), 0o600)
  return cwd
}

async function check (cwd: string, more: Record<string, string>, ...args: string[]) {
  const env = { ...settings, ...more }
  const { code, out } = await inProcess(['check', '--json', ...args], { env, cwd })
  const { diagnostics, right } = JSON.parse(out) as { right: boolean, diagnostics: Array<{ level: string, code: string, subject: string, message: string, position?: object }> }
  return { code, right, diagnostics }
}

t.test('check asks the login as a start does, and --offline does not', async t => {
  const cwd = folder(t)
  const server = await loginServer(no)
  t.teardown(server.close)
  const env = { LOGIN_URL: server.url }
  t.strictSame(await check(cwd, env), { code: 0, right: true, diagnostics: [] })
  t.equal(server.requests, 1)
  t.strictSame(await check(cwd, env, '--offline'), { code: 0, right: true, diagnostics: [] })
  t.equal(server.requests, 1)

  server.handler = yes
  t.match(await check(cwd, env), { code: 78, right: false, diagnostics: [{ level: 'mistake', subject: 'LOGIN_URL', message: /^LOGIN_URL says yes to a name and password that were made up/ }] })
  server.handler = (_credentials, response) => answer(response, 500)
  t.match(await check(cwd, env), { code: 69, right: true, diagnostics: [{ level: 'warning', subject: 'LOGIN_URL', code: 'unreachable', message: /^LOGIN_URL is unavailable, so nobody can sign in: .*500/ }] })
  const asked = server.requests
  t.match(await check(cwd, { ...env, PORT: 'x' }), { code: 78 })
  t.equal(server.requests, asked, 'nobody is asked while there are mistakes')
})

t.test('what a start would survive is a warning, and the exit code says that it could not be asked', async t => {
  const cwd = folder(t)
  const rows: Array<{ env: Record<string, string>, subject: string, message: RegExp }> = [
    { env: { LOGIN_URL: `http://127.0.0.1:${closed}/` }, subject: 'LOGIN_URL', message: /^LOGIN_URL is unavailable, so nobody can sign in: .*ECONNREFUSED/ },
    { env: { DATABASE_URL: `postgres://u:secretkey@127.0.0.1:${closed}/a`, USERS_QUERY: 'SELECT $1' }, subject: 'DATABASE_URL', message: /^DATABASE_URL is unavailable, so nobody can sign in: .*ECONNREFUSED/ },
    { env: { REDIS_URL: `redis://:secretkey@127.0.0.1:${closed}` }, subject: 'REDIS_URL', message: /^REDIS_URL: Redis is unavailable; each node limits for itself \(ECONNREFUSED\)$/ },
    { env: { REDIS_URL: `redis://127.0.0.1:${closed}`, REDIS_DOWN: 'closed' }, subject: 'REDIS_URL', message: /^REDIS_URL: Redis is unavailable; requests are refused with 503/ }
  ]
  for (const { env, subject, message } of rows) {
    t.match(await check(cwd, env), { code: 69, right: true, diagnostics: [{ level: 'warning', code: 'unreachable', subject, message }] }, subject)
    t.match(await check(cwd, env, '--offline'), { code: 0, diagnostics: { length: 0 } })
    const { out, err } = await inProcess(['check'], { env: { ...settings, ...env }, cwd })
    t.match(out, /^settings and files are right/)
    t.match(err, new RegExp(`^${subject}.* \\(a warning\\)\n$`))
    t.notMatch(err, /secretkey/)
  }
  t.match(await inProcess(['check', '--online', '--offline'], { env: settings, cwd }), { code: 2, err: /--offline.*--online|--online.*--offline/ })
})

t.test('check asks Redis as a start does', { skip: noRedis }, async t => {
  const cwd = folder(t)
  const redis = await redisServer()
  t.teardown(redis.close)
  t.strictSame(await check(cwd, { REDIS_URL: redis.url }), { code: 0, right: true, diagnostics: [] })
  await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  t.match(await check(cwd, { REDIS_URL: redis.url }), { code: 0, diagnostics: [{ level: 'warning', code: 'insecure', subject: 'REDIS_URL', message: /maxmemory-policy is allkeys-lru/ }] })
})

t.test('check doubts names that nobody has, and voice without calls out', async t => {
  const rows: Array<{ what: string, env?: Record<string, string>, files?: Record<string, string>, found: object[] }> = [
    {
      what: 'operators',
      env: { OPERATORS: 'juan, susna, nobody' },
      found: [
        { subject: 'OPERATORS', code: 'unknown', message: 'OPERATORS: entry 2 is not a user of users.htpasswd; did you mean susan?' },
        { subject: 'OPERATORS', code: 'unknown', message: 'OPERATORS: entry 3 is not a user of users.htpasswd' }
      ]
    },
    {
      what: 'the policy',
      files: { 'policy.yaml': 'groups:\n  support: [susan, jaun]\nrules:\n  - who: [group:support, nobody, s*, "jwt:susan"]\n    allow: { video: {} }\n' },
      found: [
        { subject: 'policy.yaml', code: 'unknown', position: { line: 2, column: 20 }, message: 'jaun is not a user of users.htpasswd; did you mean juan?' },
        { subject: 'policy.yaml', code: 'unknown', position: { line: 4, column: 26 }, message: 'nobody is not a user of users.htpasswd' }
      ]
    },
    { what: 'voice without a TwiML app', env: { TWILIO_TWIML_APP_SID: '' }, found: [{ subject: 'TWILIO_TWIML_APP_SID', code: 'missing', message: 'TWILIO_TWIML_APP_SID is not set, so tokens for voice allow incoming calls only' }] },
    { what: 'no voice', env: { TWILIO_TWIML_APP_SID: '', PRODUCTS: 'video' }, found: [] },
    { what: 'no policy', env: { POLICY_FILE: '' }, found: [{ subject: 'POLICY_FILE' }] }
  ]
  for (const { what, env = {}, files, found } of rows) {
    const { code, diagnostics } = await check(folder(t, files), env)
    t.equal(code, 0, what)
    t.has(diagnostics, found.map(one => ({ level: 'warning', ...one })), what)
    t.equal(diagnostics.length, found.length, what)
  }
})
