import t from 'tap'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { noRedis, redisServer } from '../helpers/redis.js'
import { until } from '../helpers/until.js'

const wrong = basic('susan', 'wrong-one')

t.test('three nodes on one Redis hold the limits of one', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  const nodes = await Promise.all([1, 2, 3].map(() => startBroker({ settings: { REDIS_URL: redis.url, CALLER_LIMIT_MAX: '3' } })))
  t.teardown(() => Promise.all(nodes.map(node => node.close())))
  t.match(nodes[0]!.log(), /Redis is there; limits are shared/)

  const tokens = await Promise.all(Array.from({ length: 6 }, (_, i) => ask(nodes[i % 3]!.url, { as: susan })))
  t.strictSame(tokens.map(({ status }) => status).sort(), [200, 200, 200, 429, 429, 429])
  const guesses = await Promise.all(Array.from({ length: 15 }, (_, i) => ask(nodes[i % 3]!.url, { as: wrong })))
  t.equal(guesses.filter(({ status }) => status === 401).length, 5)
  t.equal(guesses.filter(({ body }) => body.code === 'login-limited').length, 10)
  t.match(await ask(nodes[2]!.url, { as: susan }), { status: 429, body: { code: 'login-limited' } })

  await redis.kill()
  t.match(await ask(nodes[0]!.url, { as: wrong }), { status: 429 }, 'a lock lasts without Redis')
  t.match(nodes[0]!.log(), /Redis is away; each node limits for itself/)
  await redis.start()
  await until(() => nodes.every(node => node.log().split('Redis is there').length === 3))
  t.match(await ask(nodes[0]!.url, { as: wrong }), { status: 429 }, 'and against one that comes back empty')
})

t.test('under REDIS_DOWN=closed no request is let in while Redis is away', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  await redis.kill()
  const broker = await startBroker({ settings: { REDIS_URL: redis.url, REDIS_DOWN: 'closed' } })
  t.teardown(broker.close)
  t.match(await ask(broker.url, { as: susan }), { status: 503, body: { code: 'limiter-unavailable' }, headers: { 'retry-after': '5' } })
  t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  await redis.start()
  await until(async () => (await ask(broker.url, { as: susan })).status === 200)
})
