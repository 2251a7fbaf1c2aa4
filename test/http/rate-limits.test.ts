import t from 'tap'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask, raw, type Ask } from '../helpers/http.js'

const wrong = basic('susan', 'wrong-one')
const origin = 'https://app.example.com'

t.test('S86: wrong passwords, unknown products, bad requests and wrong methods spend the address\'s limit', async t => {
  const spending: Ask[] = [{}, { as: wrong }, { as: susan, path: '/token/nope' }, { as: susan, body: '{' }, { as: susan, method: 'PUT' },
    { method: 'OPTIONS' }, { path: '/token/%zz' }, { as: susan, path: '/token', body: { products: {} } }]
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: String(spending.length), CORS_ORIGINS: origin } })
  t.teardown(broker.close)

  for (const request of spending) t.not((await ask(broker.url, request)).status, 429)
  const preflight = { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' } }
  t.equal((await ask(broker.url, preflight)).status, 204)

  const refused = await ask(broker.url, { as: susan })
  t.has(refused, { status: 429, body: { code: 'rate-limited' } })
  t.match(refused.headers, { 'retry-after': /^\d+$/, ratelimit: /^"address";r=0;t=\d+$/ })
  const wait = Number(refused.headers['retry-after'])
  t.ok(wait >= 1 && wait <= 60, 'Retry-After lies in the window')
  const line = (await broker.audit()).at(-1)!
  t.has(line, { event: 'token.refused', code: 'rate-limited' })
  t.match(line.caller, /^hmac:[0-9a-f]{32}$/)
  t.equal((await ask(broker.url, preflight)).status, 204, 'a preflight is never limited')
  for (let i = 0; i < 5; i++) t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200, 'nor is the sign of life')
})

t.test('a caller gets so many tokens a minute', async t => {
  const broker = await startBroker({ users: { susan: 'secret123', juan: 'secret123' }, settings: { CALLER_LIMIT_MAX: '2' } })
  t.teardown(broker.close)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  t.equal((await ask(broker.url, { path: '/token', body: { username: 'susan', password: 'secret123' } })).status, 200)
  const answer = await ask(broker.url, { as: susan })
  t.has(answer, { status: 429, body: { code: 'caller-limited' } })
  t.match(answer.headers['retry-after'], /^\d+$/)
  t.has((await broker.audit()).at(-1), { event: 'token.refused', code: 'caller-limited', caller: 'susan' })
  t.equal((await ask(broker.url, { as: basic('juan', 'secret123') })).status, 200)
})

t.test('S72: 500 pipelined guesses on one socket: five are tried, the rest refused, and others are served', async t => {
  const broker = await startBroker({ users: { susan: 'secret123', juan: 'secret123' } })
  t.teardown(broker.close)
  const guess = (i: number) => `GET /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('susan', `guess-${i}`)}\r\n${i === 499 ? 'Connection: close\r\n' : ''}\r\n`
  const flood = raw(broker.url, Array.from({ length: 500 }, (_, i) => guess(i)).join(''))
  t.equal((await ask(broker.url, { as: basic('juan', 'secret123') })).status, 200)
  const statuses = (await flood).match(/HTTP\/1\.1 \d+/g)!.map(line => line.slice(-3))
  t.equal(statuses.length, 500)
  t.equal(statuses.filter(status => status === '401').length, 5)
  t.equal(statuses.filter(status => status === '429').length, 495)
  const locked = await ask(broker.url, { as: susan })
  t.has(locked, { status: 429, body: { code: 'login-limited' } }, 'the right password, too')
  t.match(locked.headers['retry-after'], /^\d+$/, 'the right password, too')
  t.match(await Promise.all(Array.from({ length: 6 }, () => ask(broker.url, { as: basic('nobody', 'x') })))
    .then(answers => answers.map(({ status }) => status).sort()), [401, 401, 401, 401, 401, 429], 'a name that does not exist is limited alike')
})

t.test('spellings of a name share one bucket', async t => {
  const broker = await startBroker({ settings: { LOGIN_FAILURES_MAX: '4' } })
  t.teardown(broker.close)
  for (const name of ['susan', 'SUSAN', 'ſusan', 'Susan']) t.equal((await ask(broker.url, { as: basic(name, 'x') })).status, 401)
  t.has(await ask(broker.url, { as: susan }), { status: 429, body: { code: 'login-limited' } })
})

t.test('S89: forged X-Forwarded-For from a peer that is no proxy leaves one bucket', async t => {
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '20' } })
  t.teardown(broker.close)
  const statuses = []
  for (let i = 0; i < 100; i++) {
    statuses.push((await ask(broker.url, { headers: { 'X-Forwarded-For': `203.0.113.${i}`, Forwarded: `for=203.0.113.${i}` } })).status)
  }
  t.equal(statuses.filter(status => status === 401).length, 20)
})

t.test('a trusted proxy\'s X-Forwarded-For is the address, one bucket a /64, and what is no address is none', async t => {
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '1', TRUST_PROXY: '127.0.0.1' } })
  t.teardown(broker.close)
  const from = async (address: string) => (await ask(broker.url, { as: susan, headers: { 'X-Forwarded-For': address } })).status
  t.equal(await from('203.0.113.1'), 200)
  t.has((await broker.audit()).at(-1), { ip: '203.0.113.1' })
  t.equal(await from('203.0.113.2'), 200)
  t.equal(await from('203.0.113.1'), 429)
  t.equal(await from('::ffff:203.0.113.1'), 429, 'the same address, as IPv6 writes it')
  t.equal(await from('::ffff:203.0.113.3'), 200)
  t.has((await broker.audit()).at(-1), { ip: '203.0.113.3' })
  t.equal(await from('2001:db8::1'), 200)
  t.equal(await from('2001:db8::2'), 429)
  t.equal(await from('2001:db8:0:1::1'), 200)
  t.equal(await from('<script>'), 200, 'the proxy\'s own address stands in')
  t.has((await broker.audit()).at(-1), { ip: '127.0.0.1' })
  t.equal(await from('unknown'), 429)
})
