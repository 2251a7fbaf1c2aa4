import { connect } from 'node:net'
import t from 'tap'
import { basic, startBroker, susan } from '../../helpers/broker.js'
import { ask, type Ask } from '../../helpers/http.js'
import { startProvider } from '../../helpers/provider.js'
import { noRedis, patientWithRedis, redisServer } from '../../helpers/redis.js'
import { until } from '../../helpers/until.js'
import { valve } from '../../helpers/valve.js'

const wrong = basic('susan', 'wrong-one')

t.test('S87: three nodes on one Redis hold the limits of one', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const nodes = await Promise.all([1, 2, 3].map(() => startBroker({ settings: { REDIS_URL: redis.url, CALLER_LIMIT_MAX: '3' } })))
  t.teardown(() => Promise.all(nodes.map(node => node.close())))
  t.match(nodes[0]!.log(), /Redis is connected; limits are shared/)
  t.has(await ask(nodes[0]!.url, { as: 'Bearer x' }), { status: 401, body: { code: 'credentials-missing' } }, 'a scheme that is off')

  const tokens = await Promise.all(Array.from({ length: 6 }, (_, i) => ask(nodes[i % 3]!.url, { as: susan })))
  t.strictSame(tokens.map(({ status }) => status).sort(), [200, 200, 200, 429, 429, 429])
  const guesses = await Promise.all(Array.from({ length: 15 }, (_, i) => ask(nodes[i % 3]!.url, { as: wrong })))
  t.equal(guesses.filter(({ status }) => status === 401).length, 5)
  t.equal(guesses.filter(({ body }) => body.code === 'login-limited').length, 10)
  t.has(await ask(nodes[2]!.url, { as: susan }), { status: 429, body: { code: 'login-limited' } })

  await redis.kill()
  t.match(await ask(nodes[0]!.url, { as: wrong }), { status: 429 }, 'a lock lasts without Redis')
  t.match(nodes[0]!.log(), /Redis is unavailable; each node limits for itself/)
  await redis.start()
  await until(() => nodes.every(node => node.log().split('Redis is connected').length >= 3))
  t.match(await ask(nodes[0]!.url, { as: wrong }), { status: 429 }, 'and against one that comes back empty')
})

t.test('under REDIS_DOWN=closed no request is let in while Redis is unavailable', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  await redis.kill()
  const broker = await startBroker({ settings: { REDIS_URL: redis.url, REDIS_DOWN: 'closed' } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: susan }), { status: 503, body: { code: 'limiter-unavailable' }, headers: { 'retry-after': '5', 'ratelimit-policy': '"address";q=100000;w=60', ratelimit: '"address";r=0;t=60' } })
  t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  await redis.start()
  await until(async () => (await ask(broker.url, { as: susan })).status === 200)
})

t.test('a request waits for one command of Redis where its caller is remembered, and tells what came of it in another', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  const between = await valve(redis.port)
  const provider = await startProvider()
  t.teardown(provider.close)
  const patience = patientWithRedis(t)
  const broker = await startBroker({
    users: { susan: 'secret123', olga: 'secret123' },
    settings: { REDIS_URL: `redis://127.0.0.1:${between.port}`, REDIS_DOWN: 'closed', TRUST_PROXY: '127.0.0.1', OPERATORS: 'susan', JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker' }
  })
  t.teardown(async () => {
    await broker.close()
    await between.close()
  })
  const body = { username: 'susan', password: 'secret123' }
  const bearer = provider.bearer()
  /** How many commands must go through before the answer, and how many there are in all. */
  const cases: Array<{ says: string, request: Ask, status: number, waits: number, commands: number }> = [
    { says: 'a first login', request: { as: susan }, status: 200, waits: 4, commands: 4 },
    { says: 'a remembered one', request: { as: susan }, status: 200, waits: 1, commands: 2 },
    { says: 'by GET', request: { as: susan, method: 'GET' }, status: 200, waits: 1, commands: 2 },
    { says: 'for several products', request: { as: susan, path: '/token' }, status: 200, waits: 1, commands: 2 },
    { says: 'over IPv6', request: { as: susan, headers: { 'X-Forwarded-For': '2001:db8::1' } }, status: 200, waits: 1, commands: 3 },
    { says: 'for what gets no token', request: { as: susan, body: { ttl: 1 } }, status: 400, waits: 1, commands: 3 },
    { says: 'of an operator', request: { as: susan, method: 'GET', path: '/metrics' }, status: 200, waits: 1, commands: 2 },
    { says: 'with its credentials in the body', request: { path: '/token', body }, status: 200, waits: 5, commands: 5 },
    { says: 'a wrong password', request: { as: wrong }, status: 401, waits: 1, commands: 2 },
    { says: 'malformed credentials', request: { as: 'Basic !!!' }, status: 401, waits: 1, commands: 1 },
    { says: 'a name that nobody can have', request: { as: basic('a*b', 'secret123') }, status: 401, waits: 1, commands: 1 },
    { says: 'a new bearer token', request: { as: bearer }, status: 200, waits: 2, commands: 2 },
    { says: 'a remembered bearer token', request: { as: bearer }, status: 200, waits: 1, commands: 1 },
    { says: 'a bearer token that is refused', request: { as: `${bearer}x` }, status: 401, waits: 1, commands: 1 },
    { says: 'a strange page', request: { as: susan, headers: { Origin: 'https://evil.test' } }, status: 403, waits: 0, commands: 0 },
    { says: 'no credentials', request: {}, status: 401, waits: 1, commands: 1 }
  ]
  for (const { says, request, status, waits, commands } of cases) {
    between.let(waits)
    t.equal((await ask(broker.url, request)).status, status, says)
    between.open()
    await until(() => between.passed.length >= commands)
    t.equal(between.passed.length, commands, `${says}: commands`)
  }
  between.let(0)
  const waiting = ask(broker.url, { as: susan })
  await until(() => between.kept > 0)
  patience.end()
  t.has(await waiting, { status: 503, body: { code: 'limiter-unavailable' } }, 'and it does wait')
  between.open()
})

t.test('what is asked ahead and not used in the end is given back, and what is refused is not asked again', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const nodes = await Promise.all([1, 2].map(() => startBroker({ settings: { REDIS_URL: redis.url, CALLER_LIMIT_MAX: '4', RATE_LIMIT_MAX: '28', TRUST_PROXY: '127.0.0.1' } })))
  t.teardown(() => Promise.all(nodes.map(node => node.close())))
  const from = (n: number) => ({ 'X-Forwarded-For': `10.0.0.${n}` })
  const statuses = async (n: number, count: number, more: Ask) => {
    const answers = await Promise.all(Array.from({ length: count }, (_, i) => ask(nodes[i % 2]!.url, { as: susan, ...more, headers: { ...from(n), ...more.headers } })))
    return Object.fromEntries([...new Set(answers.map(({ status }) => status))].map(status => [status, answers.filter(answer => answer.status === status).length]))
  }
  t.strictSame(await statuses(1, 2, {}), { 200: 2 }, 'both nodes remember susan now')
  t.strictSame(await statuses(1, 12, { body: { ttl: 1 } }), { 400: 12 })
  t.strictSame(await statuses(1, 12, { headers: { Origin: 'https://evil.test' } }), { 403: 12 })
  t.strictSame(await statuses(1, 12, { as: wrong }), { 401: 5, 429: 7 })
  t.strictSame(await statuses(1, 12, { as: wrong }), { 429: 12 }, 'and no more at all from this address, which has had its 28 requests')
  await until(async () => await redis.ask('HGET', await keyOf('caller'), 'used') === '2')
  t.strictSame(await statuses(2, 6, {}), { 200: 2, 429: 4 }, 'only what became a token counts for the caller')
  for (const name of ['caller', 'address', 'login-pair', 'login-name']) t.equal(await redis.ask('HGET', await keyOf(name), 'held'), '0', name)

  async function keyOf (name: string): Promise<string> {
    const keys = await redis.ask('KEYS', `*:${name}:*`) as string[]
    return keys[0]!
  }
})

t.test('requests whose client has left hold nothing in Redis, those behind others on their socket, too', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const broker = await startBroker({ settings: { REDIS_URL: redis.url, LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  // The method is refused, so that nobody takes the place among the guesses that was asked for ahead.
  const refused = `PUT /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${wrong}\r\n\r\n`
  const { hostname, port } = new URL(broker.url)
  connect(Number(port), hostname).on('error', () => {}).end(refused.repeat(30))
  const count = async (name: string, field: string) => {
    const [key] = await redis.ask('KEYS', `*:${name}:*`) as string[]
    return key === undefined ? 0 : Number(await redis.ask('HGET', key, field))
  }
  await until(async () => await count('address', 'used') === 30)
  await until(async () => await count('login-pair', 'held') === 0 && await count('login-name', 'held') === 0)
  t.match(await ask(broker.url, { as: susan }), { status: 200, headers: { ratelimit: /^"address";r=99969;/ } }, 'and no count of theirs is left for the next')
})
