import t, { type Test } from 'tap'
import { startBroker, susan, type Broker } from '../helpers/broker.js'
import { ask, raw, type Ask } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { first, secure } from '../helpers/https.js'
import { noRedis, patientWithRedis, redisServer } from '../helpers/redis.js'

const origin = 'https://app.example.com'
const preflight = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization,content-type' }
const readable = {
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': undefined,
  'access-control-expose-headers': 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, DPoP-Nonce, WWW-Authenticate',
  vary: 'Origin'
}

t.test('a page may ask from an origin that is listed', async t => {
  const broker = await startBroker({ settings: { CORS_ORIGINS: `${origin}, capacitor://localhost`, RATE_LIMIT_MAX: '30' } })
  t.teardown(broker.close)

  await t.test('its preflight is answered without credentials', async t => {
    for (const path of ['/token', '/token/video', '/token/nope', '/healthz', '/nothing']) {
      const answer = await ask(broker.url, { method: 'OPTIONS', path, headers: { Origin: origin, ...preflight } })
      t.has(answer, {
        status: 204,
        headers: {
          ...readable,
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
          'access-control-max-age': '600'
        }
      }, path)
      t.notOk(answer.headers.ratelimit, 'and spends no limit')
    }
    t.has(await ask(broker.url, { method: 'OPTIONS', headers: { Origin: 'capacitor://localhost', ...preflight } }),
      { status: 204, headers: { 'access-control-allow-origin': 'capacitor://localhost' } })
  })

  await t.test('it can read every answer', async t => {
    const headers = { Origin: origin, 'Sec-Fetch-Mode': 'cors' }
    const requests: Array<{ request: Ask, status: number }> = [
      { request: { as: susan }, status: 200 },
      { request: {}, status: 401 },
      { request: { as: 'Basic !!!' }, status: 401 },
      { request: { as: susan, body: '{' }, status: 400 },
      { request: { as: susan, path: '/token/nope' }, status: 404 },
      { request: { method: 'PUT' }, status: 405 },
      { request: { method: 'OPTIONS' }, status: 405 },
      { request: { as: susan, body: 'x'.repeat(5000) }, status: 413 },
      { request: { as: susan, body: '{}', headers: { 'Content-Type': 'text/plain' } }, status: 415 },
      { request: { path: '/token/%zz' }, status: 400 },
      { request: { path: '/nothing' }, status: 404 },
      { request: { method: 'GET', path: '/healthz' }, status: 200 },
      { request: { path: '/healthz' }, status: 405 },
      { request: { as: susan, path: '/token/voice', body: { identity: 'susan' } }, status: 200 },
      { request: { path: `/${'x'.repeat(17_000)}` }, status: 431 }
    ]
    for (const { request, status } of requests) {
      const answer = await ask(broker.url, { ...request, headers: { ...headers, ...request.headers } })
      t.has(answer, { status, headers: readable }, JSON.stringify(request).slice(0, 60))
    }
    const head = (...lines: string[]) => ['HEAD /token/video HTTP/1.1', 'Host: x', `Origin: ${origin}`, ...lines, '', ''].join('\r\n')
    t.match(await raw(broker.url, head('Host: y')), /^HTTP\/1\.1 400 [^]*\r\naccess-control-allow-origin: https:\/\/app\.example\.com\r\n[^]*\r\n\r\n$/)
    t.match(await raw(broker.url, head(`X-Long: ${'x'.repeat(17_000)}`)), /^HTTP\/1\.1 431 [^]*\r\naccess-control-allow-origin: https:\/\/app\.example\.com\r\n[^]*\r\n\r\n$/, 'without a body for HEAD')
    const limited = await Promise.all(Array.from({ length: 30 }, () => ask(broker.url, { as: susan, headers })))
    t.has(limited.filter(({ status }) => status === 429)[0], { status: 429, headers: readable })
  })
})

t.test('from any other origin nothing is minted, and its preflight allows nothing', async t => {
  const broker = await startBroker({ settings: { CORS_ORIGINS: origin } })
  t.teardown(broker.close)
  for (const other of ['https://evil.test', 'null', 'https://app.example.com.evil.test', 'http://app.example.com', 'https://app.example.com:8443', 'https://APP.example.com']) {
    const refusedPreflight = await ask(broker.url, { method: 'OPTIONS', headers: { Origin: other, ...preflight } })
    t.equal(refusedPreflight.status, 204, other)
    t.notOk(refusedPreflight.headers['access-control-allow-origin'], other)
    for (const as of [susan, 'Basic !!!', undefined]) {
      const answer = await ask(broker.url, { as, headers: { Origin: other } })
      t.has(answer, { status: 403, body: { code: 'origin-refused' } }, other)
      t.notOk(answer.headers['access-control-allow-origin'], other)
    }
  }
  const wrong = `Basic ${Buffer.from('susan:wrong-one').toString('base64')}`
  for (let i = 0; i < 10; i++) await ask(broker.url, { as: wrong, headers: { Origin: 'https://evil.test' } })
  t.equal((await ask(broker.url, { as: susan })).status, 200, 'and no password was tried')
})

t.test('the broker\'s own origins are its address, loopback\'s names with its port, and PUBLIC_URL, never a Host header', async t => {
  const broker = await startBroker({ settings: { PUBLIC_URL: 'https://tokens.example.com/broker/' } })
  t.teardown(broker.close)
  const { port } = new URL(broker.url)
  for (const own of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`, 'https://tokens.example.com']) {
    t.has(await ask(broker.url, { as: susan, headers: { Origin: own, 'Sec-Fetch-Mode': 'same-origin' } }), { status: 200, headers: { 'access-control-allow-origin': own } }, own)
  }
  for (const other of [`http://rebound.test:${port}`, `https://localhost:${port}`, 'http://localhost']) {
    t.equal((await ask(broker.url, { as: susan, headers: { Origin: other, Host: new URL(other).host } })).status, 403, other)
  }
})

/** What a page of others can have its visitor's browser send. */
const foreign: Array<{ says: string } & Ask> = [
  { says: 'a fetch', headers: { Origin: 'https://evil.test', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'cross-site' } },
  { says: 'a fetch of an old browser', headers: { Origin: 'null' } },
  { says: 'an image', method: 'GET', headers: { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'cross-site' } },
  { says: 'an image of a sister domain', method: 'GET', headers: { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'same-site' } },
  { says: 'a frame', method: 'GET', headers: { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site' } },
  { says: 'a form', headers: { Origin: 'https://evil.test', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site' } }
]

async function spendNothing (t: Test, broker: Broker): Promise<void> {
  for (const { says, ...request } of foreign) {
    for (const path of ['/token/video', '/token/nope', ...request.method === 'GET' ? ['/metrics'] : []]) {
      const answer = await ask(broker.url, { as: susan, path, ...request })
      t.has(answer, { status: 403, body: { code: 'origin-refused' } }, `${says} at ${path}`)
      t.match(answer.headers, { ratelimit: /^"address";r=3;t=0$/, 'ratelimit-policy': /^"address";q=3;/ }, `${says} at ${path}`)
    }
  }
  for (let left = 2; left >= 0; left--) t.match(await ask(broker.url, { as: susan }), { status: 200, headers: { ratelimit: new RegExp(`^"address";r=${left};`) } })
  t.equal((await ask(broker.url, { as: susan })).status, 429)
  t.match(await ask(broker.url, { as: susan, ...foreign[2] }), { status: 403, headers: { ratelimit: /^"address";r=0;t=\d+$/ } }, 'and is told no more than before')
}

t.test('S133: a page of others spends nothing of its visitor\'s limit', async t => {
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '3', CORS_ORIGINS: origin } })
  t.teardown(broker.close)
  await spendNothing(t, broker)
})

t.test('nor does it where the limits are shared', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '3', CORS_ORIGINS: origin, REDIS_URL: redis.url } })
  t.teardown(broker.close)
  await spendNothing(t, broker)
  await redis.kill()
  t.equal((await ask(broker.url, { as: susan, ...foreign[0] })).status, 403, 'nor where Redis is unavailable')
})

t.test('S134: outside /token all but signs of life counts, and what pages of others ask for counts apart', async t => {
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '8', CORS_ORIGINS: origin } })
  t.teardown(broker.close)
  const own: Ask[] = [
    { method: 'GET', path: '/' }, { method: 'GET', path: '/docs', headers: { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' } },
    { method: 'GET', path: '/console/nothing.js', headers: { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'no-cors' } },
    { path: '/nothing' }, { path: '/nothing', headers: { Origin: origin } }, { method: 'OPTIONS', path: '/nothing' }, { path: '/healthz' }, { as: susan }
  ]
  for (const path of ['/', '/nothing']) for (let i = 0; i < 3; i++) t.not((await ask(broker.url, { path, ...foreign[2] })).status, 429)
  for (const [i, request] of own.entries()) {
    const answer = await ask(broker.url, request)
    t.not(answer.status, 429)
    t.match(answer.headers.ratelimit, new RegExp(`^"address";r=${7 - i};`), JSON.stringify(request))
  }
  for (const request of own) {
    const refused = await ask(broker.url, request)
    t.has(refused, { status: 429, body: { code: 'rate-limited' } })
    t.match(refused.headers['retry-after'], /^\d+$/)
  }
  for (let i = 0; i < 2; i++) t.not((await ask(broker.url, { path: '/nothing', ...foreign[2] })).status, 429)
  t.match(await ask(broker.url, { path: '/nothing', ...foreign[2] }), { status: 429, headers: { 'retry-after': /^\d+$/ } }, 'theirs is spent, too')
  for (const path of ['/healthz', '/readyz']) for (let i = 0; i < 10; i++) t.equal((await ask(broker.url, { method: 'GET', path })).status, 200)
  t.equal((await ask(broker.url, { method: 'OPTIONS', path: '/nothing', headers: { Origin: origin, ...preflight } })).status, 204)
})

t.test('S135: behind DNS rebinding a GET, whose Origin browsers leave out, is refused by the name that it was sent to', async t => {
  const broker = await startBroker({ settings: { PUBLIC_URL: 'https://tokens.example.com/broker/', CORS_ORIGINS: origin, OPERATORS: 'susan' } })
  t.teardown(broker.close)
  const { port } = new URL(broker.url)
  const get = (headers: Record<string, string>, path = '/token/video') => ask(broker.url, { as: susan, method: 'GET', path, headers: { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin', ...headers } })
  const hosts = ['evil.example', `evil.example:${port}`, `localhost.evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `evil.localhost:${port}`, 'localhost', '127.0.0.1', `0:${port}`, 'tokens.example.com.evil.example', 'tokens.example.com:8443', '<script>', 'a b']
  for (const Host of hosts) {
    for (const path of ['/token/video', '/openapi.json', '/operator.json']) t.has(await get({ Host }, path), { status: 403, body: { code: 'origin-refused' } }, `${Host} ${path}`)
    t.equal((await get({ Host, 'Sec-Fetch-Mode': 'same-origin' })).status, 403)
    t.equal((await get({ Host, 'X-Forwarded-Host': `localhost:${port}` })).status, 403, 'whatever a page adds')
  }
  t.strictSame((await broker.audit()).filter(({ event }) => event === 'token.issued'), [])
  for (const Host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, 'tokens.example.com', 'app.example.com']) t.equal((await get({ Host })).status, 200, Host)
  for (const site of ['cross-site', 'same-site', 'same-origin, none', 'x']) t.equal((await get({ 'Sec-Fetch-Site': site })).status, 403, `no Origin tells which page ${site} is`)
  t.equal((await get({ 'Sec-Fetch-Site': 'none' })).status, 200)
  t.equal((await get({ 'Sec-Fetch-Site': 'cross-site', Origin: origin })).status, 200)
  for (const Host of hosts.slice(0, 5)) t.equal((await ask(broker.url, { as: susan, method: 'GET', headers: { Host } })).status, 200, 'a program may use any name')
})

t.test('over HTTP/2 the name is its :authority', async t => {
  const broker = await startBroker({ settings: secure, files: first })
  t.teardown(broker.close)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  const { port } = new URL(broker.url)
  const get = (authority: string) => askIn(client, { as: susan, method: 'GET', headers: { ':authority': authority, 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' } })
  t.equal((await get(`localhost:${port}`)).status, 200)
  t.has(await get(`evil.example:${port}`), { status: 403, body: { code: 'origin-refused' } })
})
