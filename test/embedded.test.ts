import { readdirSync, readlinkSync, renameSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { applicationStore } from '../src/callers/application.js'
import { broker, type BrokerOptions } from '../src/index.js'
import { comesBy } from '../src/request.js'
import { selfSigned } from './fakes/twilio/certificate.js'
import { basic, secrets, susan } from './helpers/broker.js'
import { application, settings, type Embedded } from './helpers/embedded.js'
import { origin, users, withstands } from './helpers/hostile.js'
import { ask, raw } from './helpers/http.js'
import { askIn, session } from './helpers/http2.js'
import { open } from './helpers/token.js'
import { until } from './helpers/until.js'

const token = '/twilio/token/video'

t.test('inside an application the broker gives tokens under its prefix, to those whom the application knows', async t => {
  const { url, close, audit } = await application()
  t.teardown(close)
  const answer = await ask(url, { as: susan, path: token, body: { room: 'My Room' } })
  t.match(answer, { status: 200, body: { identity: 'susan' }, headers: { 'cache-control': 'no-store' } })
  t.strictSame(open(answer.body.token, secrets.keySecret).claims.grants, { identity: 'susan', video: { room: 'My Room' } })
  t.match(await ask(url, { as: basic('susan', 'wrong-one'), path: token }), { status: 401, body: { code: 'credentials-wrong' } })
  t.match(await ask(url, { path: '/twilio/token', body: { username: 'susan', password: 'secret123' } }), { status: 200, body: { products: ['conversations', 'sync', 'video', 'voice'] } })
  t.match(await ask(url, { path: '/twilio/readyz', method: 'GET' }), { status: 200, body: { ready: true } })
  t.match(await ask(url, { path: '/twilio/healthz' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await ask(url, { path: '/twilio/nothing', method: 'GET' }), { status: 404, body: { code: 'not-found' } })
  t.equal((await ask(url, { path: '/twilio', method: 'GET' })).status, (await ask(url, { path: '/twilio/', method: 'GET' })).status)
  t.match(await audit(), [{ event: 'token.issued', ip: '127.0.0.1', caller: 'susan' }, { event: 'token.refused', code: 'credentials-wrong' }, { event: 'token.issued' }])
})

t.test('what is hostile is as hostile there', async t => {
  const { url, close, audit } = await application({ users, preflight: false, brokers: [{ settings: { CORS_ORIGINS: origin, LOGIN_FAILURES_MAX: 1000 } }] })
  t.teardown(close)
  await withstands(t, { url, audit }, '/twilio')
  const smuggled = await raw(url, `POST ${token} HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 0\r\n\r\nPOST ${token} HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Length: 0\r\n\r\n`)
  t.match(smuggled, /^HTTP\/1\.1 400/)
  t.notMatch(smuggled, /HTTP\/1\.1 200/, 'nothing behind an ambiguous request is answered')
})

t.test('a router that is more lenient lets nothing through', async t => {
  const { url, close } = await application({ server: { routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true } } })
  t.teardown(close)
  for (const path of ['/TWILIO/token/video', '//twilio/token/video', '/twilio//token/video', '/twilio/token/video/', '/%74wilio/token/video', '/twilio/TOKEN/video']) {
    for (const method of ['GET', 'POST']) t.match(await ask(url, { as: susan, method, path }), { status: 404, body: { code: /^(not-found|product-unknown)$/ } }, `${method} ${path}`)
  }
  for (const path of ['/twilio/token/video', '/twilio/token']) t.equal((await ask(url, { as: susan, method: 'HEAD', path })).status, 405)
})

t.test('nothing of the broker leaks out, and nothing of the application leaks in', async t => {
  const { app, url, close, log } = await application()
  t.teardown(close)
  const own = (path: string, options = {}) => ask(url, { method: 'GET', path, ...options })
  t.match(await own('/'), { status: 200, body: { application: 'home' }, headers: { 'x-application': 'here', 'x-request-id': undefined, 'cache-control': undefined } })
  t.match(await own('/nothing'), { status: 404, body: { application: 'no /nothing' } })
  t.match(await own('/twiliox'), { status: 404, body: { application: 'no /twiliox' } })
  t.match(await own('/fails'), { status: 418, body: { application: 'the application\'s own' } })
  t.match(await own('/echo', { method: 'POST', body: 'plain', headers: { 'Content-Type': 'text/plain' } }), { body: { parsed: 'plain' } })
  t.match(await own('/echo', { method: 'POST', body: 'x'.repeat(10_000) }), { status: 200 }, 'its limit of a body is its own')
  t.match(await own('/echo', { method: 'OPTIONS', headers: { Origin: 'https://other.example', 'Access-Control-Request-Method': 'POST' } }),
    { status: 204, headers: { 'access-control-allow-origin': '*' } }, 'its CORS too')
  t.notOk(app.hasDecorator('tokenHandler') || app.hasRequestDecorator('claimedName'))
  t.match(app.printRoutes(), /twilio/)

  const refused = await ask(url, { path: token, as: susan, headers: { Origin: 'https://other.example' } })
  t.match(refused, { status: 403, headers: { 'content-type': /problem/, 'access-control-allow-origin': undefined } }, 'the application\'s open CORS opens no token')
  const answer = await ask(url, { path: token, as: susan, body: '{', headers: { 'Content-Type': 'text/plain' } })
  t.match(answer, { status: 415, body: { code: 'media-type' } }, 'its parsers are not asked')
  t.match(log(), new RegExp(`"path":"${token}"`), 'the log is the application\'s')
  t.notMatch(log(), /secret123|\beyJ/)
})

t.test('its own pages may ask, wherever it listens', async t => {
  const { url, close } = await application({ brokers: [{ settings: { PUBLIC_URL: 'https://app.example.com/' } }] })
  t.teardown(close)
  for (const own of [url, url.replace('127.0.0.1', 'localhost'), 'https://app.example.com']) {
    t.match(await ask(url, { path: token, as: susan, headers: { Origin: own, 'Sec-Fetch-Mode': 'same-origin' } }), { status: 200 }, own)
  }
  t.equal((await ask(url, { path: token, as: susan, headers: { Origin: 'https://localhost', 'Sec-Fetch-Mode': 'cors' } })).status, 403)
})

t.test('an application on a Unix socket has no pages of its own, nor has one that is only injected into', async t => {
  const { app, close } = await application({ socket: 'socket' })
  t.teardown(close)
  const inject = (headers = {}) => app.inject({ method: 'POST', url: token, headers: { authorization: susan, ...headers } })
  t.equal((await inject()).statusCode, 200)
  t.equal((await inject({ origin: 'http://localhost' })).statusCode, 403)
})

t.test('two brokers of two accounts live in one application', async t => {
  const second = { TWILIO_ACCOUNT_SID: `AC${'2'.repeat(32)}`, TWILIO_API_KEY_SID: `SK${'2'.repeat(32)}`, TWILIO_API_KEY_SECRET: 'beefbeefbeefbeefbeefbeefbeefbeef' }
  const { url, close, audit } = await application({
    brokers: [
      {},
      { prefix: '/other/twilio', settings: { ...second, AUDIT_LOG: 'other.log', PRODUCTS: 'video', OPERATORS: 'mia' }, authenticate: name => name === 'mia' ? { identity: 'mia-2' } : null }
    ]
  })
  t.teardown(close)
  const mia = basic('mia', 'anything1')
  const other = await ask(url, { as: mia, path: '/other/twilio/token/video' })
  t.match(open(other.body.token, second.TWILIO_API_KEY_SECRET).claims, { iss: second.TWILIO_API_KEY_SID, sub: second.TWILIO_ACCOUNT_SID, grants: { identity: 'mia-2' } })
  const first = await ask(url, { as: susan, path: token })
  t.match(open(first.body.token, secrets.keySecret).claims, { iss: secrets.keySid, grants: { identity: 'susan' } })
  t.equal((await ask(url, { as: mia, path: token })).status, 401)
  t.equal((await ask(url, { as: susan, path: '/other/twilio/token/video' })).status, 401)
  t.equal((await ask(url, { as: mia, path: '/other/twilio/token/sync' })).status, 404)
  t.equal((await audit()).length, 2)
  t.match(await audit('other.log'), [{ caller: 'mia', identity: 'mia-2' }, { code: 'credentials-wrong' }, { code: 'product-unknown' }])
  const metrics = await ask(url, { as: mia, method: 'GET', path: '/other/twilio/metrics' })
  t.match(metrics.text, /token_broker_tokens_total\{product="video"\} 1\n/, 'each counts its own')
  t.equal((await ask(url, { as: mia, method: 'HEAD', path: '/other/twilio/metrics' })).status, 405)
})

t.test('a broker lies below whatever its scope lies below', async t => {
  const { url, close } = await application({ brokers: [], setUp: (app, options) => { app.register(async scope => { await scope.register(broker, options) }, { prefix: '/api' }) } })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: '/api/twilio/token/video' })).status, 200)
  for (const path of ['/api/twilio/healthz', '/api/twilio/token']) t.equal((await ask(url, { method: 'HEAD', path })).status, path.endsWith('healthz') ? 200 : 405, path)
  for (const path of [token, '/api/token/video']) t.match(await ask(url, { as: susan, path }), { status: 404, body: { application: `no ${path}` } })
})

const wrongOptions: Array<[name: string, options: object, mistakes: RegExp[]]> = [
  ['no prefix', { prefix: undefined }, [/^prefix must be a plain path/]],
  ...['', '/', 'twilio', '/twilio/', '/:tenant', '/tw*', '/a//b', '/a b'].map((prefix): typeof wrongOptions[0] => [`the prefix ${prefix}`, { prefix }, [/^prefix must be a plain path/]]),
  ['no authenticate', { authenticate: true }, [/^authenticate must be a function/]],
  ...[-1, 901, NaN, '60s'].map((rememberFor): typeof wrongOptions[0] => [`rememberFor ${rememberFor}`, { rememberFor }, [/^rememberFor must be a number of seconds/]]),
  ['no audit log', { settings: { ...settings, AUDIT_LOG: undefined } }, [/^AUDIT_LOG is missing/]],
  ['an audit log that cannot be written', { settings: { ...settings, AUDIT_LOG: 'no/such/folder' } }, [/^AUDIT_LOG names a file that cannot be opened/]],
  ['what the application decides', { settings: { ...settings, HOST: '0.0.0.0', PORT: 80, TRUST_PROXY: 'true', LOG_LEVEL: 'info', USERS_FILE: 'x', DATABASE_URL: 'x', LOGIN_URL_FILE: 'x', TLS_CERT_FILE: 'x' } },
    [/^HOST is not taken.*where the application listens; remove it$/, /^PORT is not/, /^TRUST_PROXY is not.*trustProxy of the/, /^LOG_LEVEL is not/, /^USERS_FILE is not.*authenticate/, /^DATABASE_URL is not/, /^LOGIN_URL_FILE is not/, /^TLS_CERT_FILE is not/]],
  ['unknown names', { settings: { ...settings, CORS_ORIGIN: 'https://a.example', FOO: 'x' } }, [/^CORS_ORIGIN is not a setting; did you mean CORS_ORIGINS\?$/, /^FOO is not a setting$/]],
  ['values of no use', { settings: { ...settings, CORS_ORIGINS: ['https://a.example'], TOKEN_TTL: null } }, [/^CORS_ORIGINS must be text, a number/, /^TOKEN_TTL must be text/]],
  ['many at once', { prefix: '/', settings: { TWILIO_API_KEY: secrets.keySid, TOKEN_TTL: 5, PRODUCTS: 'vido', POLICY_FILE: 'missing.yaml' } },
    [/^prefix/, /^PRODUCTS: entry 1.*did you mean video/, /^TWILIO_ACCOUNT_SID is missing/, /^TWILIO_API_KEY_SID is missing: TWILIO_API_KEY is not a setting/, /^TWILIO_API_KEY_SECRET is missing/, /^TOKEN_TTL must/, /^AUDIT_LOG is missing/, /^missing\.yaml/]]
]

t.test('every mistake of the options is told at once, and the application does not start', async t => {
  process.env.TWILIO_ACCOUNT_SID = secrets.accountSid
  t.teardown(() => { delete process.env.TWILIO_ACCOUNT_SID })
  for (const [name, options, mistakes] of wrongOptions) {
    const { settings: own, ...others } = options as Partial<BrokerOptions>
    const refused = await application({
      brokers: [{ ...others, ...(own && { settings: { ...Object.fromEntries(Object.keys(settings).map(key => [key, undefined])), ...own } as unknown as Embedded['settings'] }) } as Embedded]
    }).then(({ close }) => close(), (error: unknown) => error)
    const told = (refused as { mistakes?: string[] } | undefined)?.mistakes ?? []
    t.equal(told.length, mistakes.length, `${name}: ${told.join(' | ')}`)
    for (const mistake of mistakes) t.ok(told.some(line => mistake.test(line)), `${name}: ${mistake}`)
    t.notMatch(told.join(), secrets.keySecret)
  }
})

t.test('neither the environment nor .env has a say', async t => {
  process.env.TOKEN_TTL = '600'
  t.teardown(() => { delete process.env.TOKEN_TTL })
  const { url, close } = await application({ files: { '.env': 'TOKEN_TTL=900\n' } })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: token })).body.expiresIn, 3600)
})

const request = new Map<string, FastifyRequest>()
/** What `authenticate` does, by the name. */
const logins: Record<string, (username: string, password: string, request: FastifyRequest) => unknown> = {
  susan: (name, _password, asked) => {
    request.set(name, asked)
    return {}
  },
  nobody: () => null,
  no: () => false,
  undefined: () => undefined,
  true: () => true,
  text: () => 'text',
  list: () => [{}],
  number: () => ({ identity: 1 }),
  empty: () => ({ identity: '' }),
  thief: () => ({ identity: 'susan' }),
  throws: () => { throw new Error('the database is away') },
  rejects: async () => { throw undefined }, // eslint-disable-line no-throw-literal
  renamed: async () => ({ identity: 'another name', role: 'admin' })
}
const outcomes: Record<string, [status: number, code?: string]> = {
  susan: [200],
  renamed: [200],
  nobody: [401, 'credentials-wrong'],
  no: [401, 'credentials-wrong'],
  ...Object.fromEntries(['undefined', 'true', 'text', 'list', 'number', 'empty', 'thief', 'throws', 'rejects'].map(name => [name, [503, 'store-unavailable']]))
}

t.test('only an object is a yes; null and false are a no, and all else is an outage that the log tells of', async t => {
  const authenticate = ((username, password, asked) => logins[username]!(username, password, asked)) as BrokerOptions['authenticate']
  const { url, close, audit, log } = await application({ brokers: [{ authenticate, settings: { LOGIN_FAILURES_MAX: 1 } }], server: { requestIdHeader: 'x-own-id' } })
  t.teardown(close)
  for (const [name, [status, code]] of Object.entries(outcomes)) {
    const answer = await ask(url, { as: basic(name, 'secret123'), path: token, headers: { 'X-Own-Id': `id-of-${name}` } })
    t.match(answer, { status, headers: { 'x-request-id': `id-of-${name}` }, ...(code && { body: { code } }) }, name)
    t.match((await audit()).at(-1), { requestId: `id-of-${name}`, ...(code && { code }) }, `${name}: the audit says what the application's log says`)
    if (status === 503) t.equal((await ask(url, { as: basic(name, 'secret123'), path: token })).status, 503, `${name}: an outage is no wrong password`)
  }
  t.match((await audit()).find(({ identity }) => identity === 'another name'), { caller: 'renamed' })
  t.match(request.get('susan'), { headers: { 'x-own-id': 'id-of-susan' }, caller: 'the application\'s own caller' }, 'it is handed the application\'s own request')
  for (const cause of [/the database is away/, /neither an object, null nor false/, /an identity that is no text/, /the name or identity of another one/]) t.match(log(), cause)
})

t.test('guesses are limited before the application is asked', async t => {
  let asked = 0
  const { url, close } = await application({ brokers: [{ authenticate: () => { asked++; return null } }] })
  t.teardown(close)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(url, { as: basic('susan', `wrong-${i}`), path: token })))
  t.equal(answers.filter(({ status }) => status === 401).length, 5)
  t.equal(answers.filter(({ status }) => status === 429).length, 95)
  t.equal(asked, 5)
})

t.test('a right password is asked for each time, or remembered for as long as the application says', async t => {
  let asked = 0
  const authenticate = () => {
    asked++
    return {}
  }
  for (const [rememberFor, expected] of [[0, 3], [60, 1]] as const) {
    asked = 0
    const { url, close } = await application({ brokers: [{ authenticate, rememberFor }] })
    for (let i = 0; i < 3; i++) t.equal((await ask(url, { as: susan, path: token })).status, 200)
    t.equal(asked, expected, `${rememberFor} s`)
    await close()
  }
})

t.test('the address is the one that the application trusts', async t => {
  const { url, close, audit } = await application({ server: { trustProxy: '127.0.0.1' } })
  t.teardown(close)
  await ask(url, { as: susan, path: token, headers: { 'X-Forwarded-For': '203.0.113.9' } })
  t.match(await audit(), [{ ip: '203.0.113.9' }])
})

t.test('a request that a hook of the application answers does not come to the broker', async t => {
  const { url, close, audit } = await application({ setUp: app => { app.addHook('onRequest', async (request, reply) => { if (request.headers['x-blocked'] !== undefined) return reply.code(410).send() }) } })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: token, headers: { 'X-Blocked': 'yes' } })).status, 410)
  t.equal((await ask(url, { as: susan, path: token })).status, 200)
  t.equal((await audit()).length, 1)
})

t.test('a changed policy and a rotated audit log are taken up', async t => {
  const policy = (allow: string) => `rules:\n  - who: ["*"]\n    allow: { ${allow} }\n`
  let reload = async () => {}
  const { url, close, audit, write, folder, log } = await application({
    files: { 'policy.yaml': policy('sync: {}') },
    brokers: [{ settings: { POLICY_FILE: 'policy.yaml' }, onStart: broker => { reload = broker.reload } }]
  })
  t.teardown(close)
  const status = async () => (await ask(url, { as: susan, path: token })).status
  t.equal(await status(), 403)
  await write('policy.yaml', policy('video: {}'))
  await until(async () => await status() === 200, 3000)
  renameSync(join(folder, 'audit.log'), join(folder, 'audit.log.1'))
  await write('policy.yaml', policy('vide: {}'))
  await reload()
  t.equal(await status(), 200)
  t.match(log(), /settings not taken, the old ones stay: policy\.yaml:3/)
  t.equal((await audit()).length, 1)
  t.match((await audit('audit.log.1')).at(-1), { event: 'token.issued' })
})

/** Files of a folder that this process holds open. */
function held (folder: string): string[] {
  const files = readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
  return files.filter(file => file.startsWith(folder))
}

t.test('when the application closes, what is under way is answered, and then everything is let go of', async t => {
  const listeners = process.eventNames().map(name => [name, process.listenerCount(name)])
  let answerYes: ((yes: object) => void) | undefined
  const { app, url, folder, close } = await application({
    brokers: [{ authenticate: () => new Promise(resolve => { answerYes = resolve }) }]
  })
  const answer = ask(url, { as: susan, path: token })
  await until(() => answerYes !== undefined)
  t.strictSame(held(folder), [join(folder, 'audit.log')])
  const closed = app.close()
  answerYes!({})
  t.equal((await answer).status, 200)
  await closed
  t.strictSame(held(folder), [], 'the audit log is closed')
  await close()
  t.strictSame(process.eventNames().map(name => [name, process.listenerCount(name)]), listeners, 'no signal handler is left, as none was there')
})

t.test('an application of HTTPS and HTTP/2 is an application too', async t => {
  const pem = selfSigned('localhost')
  const { url, close } = await application({ server: { http2: true, https: { cert: pem, key: pem, allowHTTP1: true } } as object })
  t.teardown(close)
  const client = session(url)
  t.teardown(() => client.close())
  const { port } = new URL(url)
  const headers = { Origin: `https://localhost:${port}` }
  t.match(await askIn(client, { as: susan, path: token, headers, body: { room: 'My Room' } }), { status: 200, body: { identity: 'susan' } })
  t.match(await askIn(client, { as: susan, path: token, headers: { 'content-type': 'text/plain' }, body: '{}' }), { status: 415, headers: { connection: undefined } })
  t.match(await ask(url, { as: susan, path: token, headers }), { status: 200 })
  t.equal((await ask(url, { as: susan, path: token, headers: { Origin: `http://localhost:${port}` } })).status, 403)
})

t.test('a login that hangs is an outage, and does not hold its place for ever', async t => {
  const store = applicationStore({ authenticate: () => new Promise(() => {}), rememberFor: 0, addressOf: ip => ip, patience: 10 })
  const raw = {} as IncomingMessage
  comesBy({ raw } as FastifyRequest)
  const logins = Array.from({ length: 60 }, () => store.verify('susan', 'secret123', { raw, ip: '127.0.0.1', signal: new AbortController().signal }))
  for (const outcome of await Promise.allSettled(logins)) t.match(outcome, { status: 'rejected', reason: { message: 'authenticate did not answer within 10 ms' } })
})
