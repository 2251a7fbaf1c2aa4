import t, { type Test } from 'tap'
import { basic, startBroker, susan } from '../../helpers/broker.js'
import { ask, type Ask } from '../../helpers/http.js'
import { noRedis, patientWithRedis, redisServer } from '../../helpers/redis.js'
import { until } from '../../helpers/until.js'

const wrong = basic('susan', 'wrong-one')

async function start (t: Test) {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const broker = async (settings: Record<string, string> = {}, url = redis.url) => {
    const broker = await startBroker({ users: { susan: 'secret123', olga: 'secret123' }, settings: { REDIS_URL: url, ...settings } })
    t.teardown(broker.close)
    return broker
  }
  return { redis, broker }
}

t.test('S139: what a node has counted stays counted, whatever Redis loses', { skip: noRedis }, async t => {
  const limits: Array<{ says: string, settings: Record<string, string>, request: Ask, status: number, code: string }> = [
    { says: 'guesses', settings: { LOGIN_FAILURES_MAX: '5' }, request: { as: wrong }, status: 401, code: 'login-limited' },
    { says: 'requests of an address', settings: { RATE_LIMIT_MAX: '5' }, request: {}, status: 401, code: 'rate-limited' },
    { says: 'tokens of a caller', settings: { CALLER_LIMIT_MAX: '5' }, request: { as: susan }, status: 200, code: 'caller-limited' }
  ]
  for (const { says, settings, request, status, code } of limits) {
    for (const losses of [[4], [1, 2, 3, 4], [2, 4]]) {
      t.test(`${says}, lost after ${losses.join(', ')}`, async t => {
        const { redis, broker } = await start(t)
        const node = await broker(settings)
        const another = await broker(settings)
        for (let i = 1; i <= 5; i++) {
          t.equal((await ask(node.url, request)).status, status)
          if (losses.includes(i)) await redis.ask('FLUSHALL')
        }
        t.has(await ask(node.url, request), { status: 429, body: { code } })
        await redis.ask('FLUSHALL')
        t.has(await ask(node.url, request), { status: 429, body: { code } })
        t.equal((await ask(another.url, request)).status, status, 'another node knows what it has counted')
      })
    }
  }

  t.test('and what a success clears on one node is cleared on the others', async t => {
    const { broker } = await start(t)
    const nodes = [await broker(), await broker()] as const
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 4; i++) t.equal((await ask(nodes[i % 2]!.url, { as: wrong })).status, 401)
      t.equal((await ask(nodes[round % 2]!.url, { as: susan })).status, 200)
    }
  })
})

t.test('O2: a Redis that may evict keys is warned of', { skip: noRedis }, async t => {
  t.test('once, with what to run', async t => {
    const { redis, broker } = await start(t)
    await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const { log } = await broker()
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'normal')
    await until(() => log().split('Redis is connected').length >= 3)
    // Each look at the statistics is an INFO itself, which the next one sees.
    let own = 0
    await until(async () => Number(/cmdstat_info:calls=(\d+)/.exec(`${await redis.ask('INFO', 'commandstats')}`)?.[1] ?? 0) - own++ >= 2)
    const warnings = log().split('\n').filter(line => line.includes('maxmemory-policy'))
    t.equal(warnings.length, 1)
    t.has(JSON.parse(warnings[0]!), { level: 40, msg: 'Redis may evict keys (maxmemory-policy is allkeys-lru), and limits and locks with them; run there: CONFIG SET maxmemory-policy noeviction' })
  })

  t.test('one that evicts nothing is not', async t => {
    const { broker } = await start(t)
    t.notMatch((await broker()).log(), /maxmemory/)
  })

  t.test('a user that may not ask is not kept from anything, and leaves no line in the log of the ACL', async t => {
    const { redis, broker } = await start(t)
    await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl')
    await redis.ask('ACL', 'SETUSER', 'broker', 'on', '>secret', '~{twilio-token-broker}:*', ...'-@all +evalsha +eval +set +exists +hmget +hset +pttl +del +pexpire'.split(' '))
    const node = await broker({ REDIS_DOWN: 'closed' }, redis.url.replace('//', '//broker:secret@'))
    t.equal((await ask(node.url, { as: susan })).status, 200)
    t.equal((await ask(node.url, { as: wrong })).status, 401)
    t.notMatch(node.log(), /maxmemory/)
    t.strictSame(await redis.ask('ACL', 'LOG'), [])
  })
})
