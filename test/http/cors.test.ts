import t from 'tap'
import { startBroker, susan } from '../helpers/broker.js'
import { ask, raw } from '../helpers/http.js'

const origin = 'https://app.example.com'
const preflight = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization,content-type' }
const readable = {
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': undefined,
  'access-control-expose-headers': 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id',
  vary: /(^|, )Origin/i
}

t.test('a page may ask from an origin that is listed', async t => {
  const broker = await startBroker({ settings: { CORS_ORIGINS: `${origin}, capacitor://localhost`, RATE_LIMIT_MAX: '30' } })
  t.teardown(broker.close)

  await t.test('its preflight is answered without credentials', async t => {
    for (const path of ['/token', '/token/video', '/token/nope', '/healthz', '/nothing']) {
      const answer = await ask(broker.url, { method: 'OPTIONS', path, headers: { Origin: origin, ...preflight } })
      t.match(answer, {
        status: 204,
        headers: {
          ...readable,
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'Authorization, Content-Type',
          'access-control-max-age': /^\d+$/
        }
      }, path)
      t.notOk(answer.headers.ratelimit, 'and spends no limit')
    }
    t.match(await ask(broker.url, { method: 'OPTIONS', headers: { Origin: 'capacitor://localhost', ...preflight } }),
      { status: 204, headers: { 'access-control-allow-origin': 'capacitor://localhost' } })
  })

  await t.test('it can read every answer', async t => {
    const headers = { Origin: origin, 'Sec-Fetch-Mode': 'cors' }
    const requests = [
      [200, { as: susan }], [401, {}], [401, { as: 'Basic !!!' }], [400, { as: susan, body: '{' }], [404, { as: susan, path: '/token/nope' }],
      [405, { method: 'PUT' }], [405, { method: 'OPTIONS' }], [413, { as: susan, body: 'x'.repeat(5000) }], [415, { as: susan, body: '{}', type: 'text/plain' }],
      [400, { path: '/token/%zz' }], [404, { path: '/nothing' }], [200, { method: 'GET', path: '/healthz' }], [405, { path: '/healthz' }],
      [422, { as: susan, path: '/token/voice', body: { identity: 'susan' } }], [431, { path: `/${'x'.repeat(17_000)}` }]
    ] as const
    for (const [status, { type, ...request }] of requests as ReadonlyArray<readonly [number, { type?: string }]>) {
      const answer = await ask(broker.url, { ...request, headers: { ...headers, ...(type && { 'Content-Type': type }) } })
      t.match(answer, { status: status === 422 ? 200 : status, headers: readable }, JSON.stringify(request).slice(0, 60))
    }
    const head = (...lines: string[]) => ['HEAD /token/video HTTP/1.1', 'Host: x', `Origin: ${origin}`, ...lines, '', ''].join('\r\n')
    t.match(await raw(broker.url, head('Host: y')), /^HTTP\/1\.1 400 [^]*\r\naccess-control-allow-origin: https:\/\/app\.example\.com\r\n[^]*\r\n\r\n$/)
    t.match(await raw(broker.url, head(`X-Long: ${'x'.repeat(17_000)}`)), /^HTTP\/1\.1 431 [^]*\r\naccess-control-allow-origin: https:\/\/app\.example\.com\r\n[^]*\r\n\r\n$/, 'without a body for HEAD')
    const limited = await Promise.all(Array.from({ length: 30 }, () => ask(broker.url, { as: susan, headers })))
    t.match(limited.filter(({ status }) => status === 429)[0], { status: 429, headers: readable })
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
      t.match(answer, { status: 403, body: { code: 'origin-refused' } }, other)
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
    t.match(await ask(broker.url, { as: susan, headers: { Origin: own, 'Sec-Fetch-Mode': 'same-origin' } }), { status: 200, headers: { 'access-control-allow-origin': own } }, own)
  }
  for (const other of [`http://rebound.test:${port}`, `https://localhost:${port}`, 'http://localhost']) {
    t.equal((await ask(broker.url, { as: susan, headers: { Origin: other, Host: new URL(other).host } })).status, 403, other)
  }
})
