import t from 'tap'
import { broker } from '../../src/index.js'
import { selfSigned } from '../fakes/twilio/certificate.js'
import { basic, secrets, susan } from '../helpers/broker.js'
import { application, token } from '../helpers/embedded.js'
import { origin, users, withstands } from '../helpers/hostile.js'
import { ask, raw } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { open } from '../helpers/token.js'

t.test('inside an application the broker gives tokens under its prefix, to those whom the application knows', async t => {
  const { url, close, audit } = await application()
  t.teardown(close)
  const answer = await ask(url, { as: susan, path: token, body: { room: 'My Room' } })
  t.has(answer, { status: 200, body: { identity: 'susan' }, headers: { 'cache-control': 'no-store' } })
  t.strictSame(open(answer.body.token, secrets.keySecret).claims.grants, { identity: 'susan', video: { room: 'My Room' } })
  t.has(await ask(url, { as: basic('susan', 'wrong-one'), path: token }), { status: 401, body: { code: 'credentials-wrong' } })
  t.has(await ask(url, { path: '/twilio/token', body: { username: 'susan', password: 'secret123' } }), { status: 200, body: { products: ['conversations', 'sync', 'video', 'voice'] } })
  t.match(await ask(url, { path: '/twilio/readyz', method: 'GET' }), { status: 200, body: { ready: true } })
  t.has(await ask(url, { path: '/twilio/healthz' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.has(await ask(url, { path: '/twilio/nothing', method: 'GET' }), { status: 404, body: { code: 'not-found' } })
  t.equal((await ask(url, { path: '/twilio', method: 'GET' })).status, (await ask(url, { path: '/twilio/', method: 'GET' })).status)
  const lines = await audit()
  t.equal(lines.length, 3)
  t.has(lines, [{ event: 'token.issued', ip: '127.0.0.1', caller: 'susan' }, { event: 'token.refused', code: 'credentials-wrong' }, { event: 'token.issued' }])
})

t.test('S153: what is hostile is as hostile there', async t => {
  const { url, close, audit } = await application({ users, preflight: false, brokers: [{ settings: { CORS_ORIGINS: origin, LOGIN_FAILURES_MAX: 1000 } }] })
  t.teardown(close)
  await withstands(t, { url, audit }, '/twilio')
  const smuggled = await raw(url, `POST ${token} HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 0\r\n\r\nPOST ${token} HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Length: 0\r\n\r\n`)
  t.match(smuggled, /^HTTP\/1\.1 400/)
  t.notMatch(smuggled, /HTTP\/1\.1 200/, 'nothing behind an ambiguous request is answered')
})

t.test('S154: a router that is more lenient lets nothing through', async t => {
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
  t.has(await own('/'), { status: 200, body: { application: 'home' }, headers: { 'x-application': 'here', 'x-request-id': undefined, 'cache-control': undefined } })
  t.has(await own('/nothing'), { status: 404, body: { application: 'no /nothing' } })
  t.has(await own('/twiliox'), { status: 404, body: { application: 'no /twiliox' } })
  t.has(await own('/fails'), { status: 418, body: { application: 'the application\'s own' } })
  t.has(await own('/echo', { method: 'POST', body: 'plain', headers: { 'Content-Type': 'text/plain' } }), { body: { parsed: 'plain' } })
  t.match(await own('/echo', { method: 'POST', body: 'x'.repeat(10_000) }), { status: 200 }, 'its limit of a body is its own')
  t.has(await own('/echo', { method: 'OPTIONS', headers: { Origin: 'https://other.example', 'Access-Control-Request-Method': 'POST' } }),
    { status: 204, headers: { 'access-control-allow-origin': '*' } }, 'its CORS too')
  t.notOk(app.hasRequestDecorator('claimedUsername'))
  t.match(app.printRoutes(), /twilio/)

  const refused = await ask(url, { path: token, as: susan, headers: { Origin: 'https://other.example' } })
  t.match(refused, { status: 403, headers: { 'content-type': /problem/, 'access-control-allow-origin': undefined } }, 'the application\'s open CORS opens no token')
  const answer = await ask(url, { path: token, as: susan, body: '{', headers: { 'Content-Type': 'text/plain' } })
  t.has(answer, { status: 415, body: { code: 'media-type' } }, 'its parsers are not asked')
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
  t.has(open(other.body.token, second.TWILIO_API_KEY_SECRET).claims, { iss: second.TWILIO_API_KEY_SID, sub: second.TWILIO_ACCOUNT_SID, grants: { identity: 'mia-2' } })
  const first = await ask(url, { as: susan, path: token })
  t.has(open(first.body.token, secrets.keySecret).claims, { iss: secrets.keySid, grants: { identity: 'susan' } })
  t.equal((await ask(url, { as: mia, path: token })).status, 401)
  t.equal((await ask(url, { as: susan, path: '/other/twilio/token/video' })).status, 401)
  t.equal((await ask(url, { as: mia, path: '/other/twilio/token/sync' })).status, 404)
  t.equal((await audit()).length, 2)
  t.has(await audit('other.log'), [{ caller: 'mia', identity: 'mia-2' }, { code: 'credentials-wrong' }, { code: 'product-unknown' }])
  const metrics = await ask(url, { as: mia, method: 'GET', path: '/other/twilio/metrics' })
  t.match(metrics.text, /token_broker_tokens_total\{product="video",via="basic"\} 1\n/, 'each counts its own')
  t.equal((await ask(url, { as: mia, method: 'HEAD', path: '/other/twilio/metrics' })).status, 405)
})

t.test('a broker lies below whatever its scope lies below', async t => {
  const { url, close } = await application({ brokers: [], setUp: (app, options) => { app.register(async scope => { await scope.register(broker, options) }, { prefix: '/api' }) } })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: '/api/twilio/token/video' })).status, 200)
  for (const path of ['/api/twilio/healthz', '/api/twilio/token']) t.equal((await ask(url, { method: 'HEAD', path })).status, path.endsWith('healthz') ? 200 : 405, path)
  for (const path of [token, '/api/token/video']) t.has(await ask(url, { as: susan, path }), { status: 404, body: { application: `no ${path}` } })
})

t.test('the address is the one that the application trusts', async t => {
  const { url, close, audit } = await application({ server: { trustProxy: '127.0.0.1' } })
  t.teardown(close)
  await ask(url, { as: susan, path: token, headers: { 'X-Forwarded-For': '203.0.113.9' } })
  t.has(await audit(), [{ ip: '203.0.113.9' }])
})

t.test('a request that a hook of the application answers does not come to the broker', async t => {
  const { url, close, audit } = await application({ setUp: app => { app.addHook('onRequest', async (request, reply) => { if (request.headers['x-blocked'] !== undefined) return reply.code(410).send() }) } })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: token, headers: { 'X-Blocked': 'yes' } })).status, 410)
  t.equal((await ask(url, { as: susan, path: token })).status, 200)
  t.equal((await audit()).length, 1)
})

t.test('an application of HTTPS and HTTP/2 is an application too', async t => {
  const pem = selfSigned('localhost')
  const { url, close } = await application({ server: { http2: true, https: { cert: pem, key: pem, allowHTTP1: true } } as object })
  t.teardown(close)
  const client = session(url)
  t.teardown(() => client.close())
  const { port } = new URL(url)
  const headers = { Origin: `https://localhost:${port}` }
  t.has(await askIn(client, { as: susan, path: token, headers, body: { room: 'My Room' } }), { status: 200, body: { identity: 'susan' } })
  t.match(await askIn(client, { as: susan, path: token, headers: { 'content-type': 'text/plain' }, body: '{}' }), { status: 415, headers: { connection: undefined } })
  t.match(await ask(url, { as: susan, path: token, headers }), { status: 200 })
  t.equal((await ask(url, { as: susan, path: token, headers: { Origin: `http://localhost:${port}` } })).status, 403)
})
