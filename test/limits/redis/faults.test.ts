import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { guessCounters } from '../../../src/callers/guess-counters.js'
import { GuessLimiter } from '../../../src/callers/guess-limiter.js'
import { sharedCounters } from '../../../src/limits/redis/shared.js'
import { blackHole } from '../../helpers/black-hole.js'
import { home, login } from '../../helpers/login.js'
import { noRedis, type redisServer } from '../../helpers/redis.js'
import { keyOf, node, prefix, redis } from '../../helpers/redis-nodes.js'
import { settlesAtOnce } from '../../helpers/settle.js'
import { until } from '../../helpers/until.js'

/** How many are connected, the one who asks included. */
async function clients (server: Awaited<ReturnType<typeof redisServer>>): Promise<number> {
  return `${await server.ask('CLIENT', 'LIST')}`.trim().split('\n').length
}

/** What can befall a Redis, and how it ends. */
const faults: Array<{ says: string, cause: RegExp, strike: (server: Server) => unknown, mend: (server: Server) => unknown }> = [
  { says: 'refuses', cause: /closed|no answer|ECONN/, strike: ({ proxy }) => proxy.refuse(), mend: ({ proxy }) => proxy.pass() },
  { says: 'answers nothing', cause: /no answer/, strike: ({ proxy }) => proxy.swallow(), mend: ({ proxy }) => proxy.pass() },
  { says: 'stands still', cause: /no answer/, strike: ({ redis }) => redis.pause(), mend: ({ redis }) => redis.resume() },
  { says: 'is full', cause: /OOM/, strike: ({ redis }) => redis.ask('CONFIG', 'SET', 'maxmemory', 1), mend: ({ redis }) => redis.ask('CONFIG', 'SET', 'maxmemory', 0) },
  { says: 'is read-only', cause: /READONLY/, strike: ({ redis }) => redis.ask('REPLICAOF', '127.0.0.1', 1), mend: ({ redis }) => redis.ask('REPLICAOF', 'NO', 'ONE') }
]

interface Server {
  redis: Awaited<ReturnType<typeof redisServer>>
  proxy: Awaited<ReturnType<typeof blackHole>>
}

t.test('S136: a Redis that', { skip: noRedis, jobs: 4 }, t => {
  for (const { says, cause, strike, mend } of faults) {
    t.test(says, { buffered: true }, async t => {
      const server: Server = { redis: await redis(t), proxy: undefined! }
      server.proxy = await blackHole({ host: '127.0.0.1', port: server.redis.port })
      t.teardown(server.proxy.close)
      const url = `redis://127.0.0.1:${server.proxy.port}`
      const local = await node(t, url, 'local')
      const closed = await node(t, url, 'closed')
      await local.counters.consume('a', 3)
      await closed.counters.consume('b', 3)

      await strike(server)
      const first = await Promise.allSettled(Array.from({ length: 50 }, async () => local.counters.consume('a', 3)))
      t.equal(first.filter(result => result.status === 'fulfilled' && !result.value.exceeded).length, 2, 'the count goes on from what Redis said')
      await until(() => !local.source.up && !closed.source.up)
      t.match(local.told.at(-1), [false, cause])

      t.ok(await settlesAtOnce((async () => local.counters.consume('c', 3))()), 'then nobody waits at all')
      const refused = (async () => closed.counters.reserve('b', 3))()
      t.ok(await settlesAtOnce(refused))
      await t.rejects(refused, { code: 'limiter-unavailable', status: 503, options: { retryAfter: 5 } })

      await mend(server)
      await until(() => local.source.up && closed.source.up)
      t.match(local.told.at(-1), [true])
      t.match(await closed.counters.consume('b', 3), { exceeded: false })
    })
  }

  t.test('O1: is loading, or wants a password, is as good as away', { buffered: true }, async t => {
    for (const reply of ['LOADING Redis is loading the dataset in memory', 'NOAUTH Authentication required.', 'ERR unknown command, with args beginning with: \'canary\'']) {
      const server = createServer(socket => socket.on('data', () => socket.write(`-${reply}\r\n`)).on('error', () => {})).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { source, told, counters } = await node(t, `redis://:canary@127.0.0.1:${(server.address() as AddressInfo).port}`)
      t.notOk(source.up)
      t.strictSame(told, [[false, reply.split(' ')[0]]])
      t.match(await counters.consume('a', 1), { exceeded: false })
      t.match(await counters.consume('a', 1), { exceeded: true })
      source.close()
      server.close()
    }
  })

  t.test('was never there leaves each node to itself, until it comes', { buffered: true }, async t => {
    const server = await redis(t)
    await server.kill()
    const { source, counters, told } = await node(t, server.url)
    t.notOk(source.up)
    t.strictSame(told, [[false, 'ECONNREFUSED']])
    const hold = await counters.reserve('a', 1)
    t.match(hold, { exceeded: false, held: 1 })
    hold.commit()
    t.match(await counters.reserve('a', 1), { exceeded: true })
    await server.start()
    await until(() => source.up)
  })

  t.test('S138: restarts empty does not unlock what this node has locked', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters, told } = await node(t, server.url)
    const guessLimiter = new GuessLimiter({ ...guessCounters(source), failuresMax: 1 })
    const guess = async () => await guessLimiter.reserve('susan', login())
    const attempt = await guess()
    attempt.failed()
    await counters.consume('a', 1)
    await counters.consume('b', 2)
    await server.kill()
    await until(() => !source.up)
    await server.start()
    await until(() => source.up)
    t.equal(told.length, 3)
    t.match(await counters.consume('a', 1), { exceeded: true })
    t.match(await counters.consume('b', 2), { exceeded: false })
    await t.rejects(guess(), { code: 'login-limited' })
  })

  t.test('goes away while a hold is open loses nothing of it', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters } = await node(t, server.url)
    const [kept, givenBack] = [await counters.reserve('a', 2), await counters.reserve('a', 2)]
    await server.kill()
    await until(() => !source.up)
    kept.commit()
    givenBack.release()
    t.match(await counters.reserve('a', 2), { used: 2, held: 1, exceeded: false })
    counters.clear('a', 100)
    t.match(await counters.reserve('a', 2), { used: 2, held: 2, exceeded: false })
  })

  t.test('was away when an address logged in is told at the next login', { buffered: true }, async t => {
    const server = await redis(t)
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const [here, there] = [one.source.knownAddresses(), two.source.knownAddresses()]
    await server.kill()
    await until(() => !one.source.up && !two.source.up)
    here.add('susan', home)
    t.ok(await here.has('susan', home))
    t.notOk(await there.has('susan', home))
    await server.start()
    await until(() => one.source.up && two.source.up)
    here.add('susan', home)
    await until(() => there.has('susan', home))
  })

  t.test('failed once has lost its connection, and with it whoever else waits on that', { buffered: true }, async t => {
    const server = await redis(t)
    const { counters } = await node(t, server.url)
    await server.ask('CONFIG', 'SET', 'maxmemory', 1)
    await counters.consume('a', 1)
    await until(async () => await clients(server) === 1)
  })

  t.test('is let go of is asked no more', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters } = await node(t, server.url)
    source.close()
    t.notOk(source.up)
    t.match(await counters.consume('a', 1), { exceeded: false })
    const opening = sharedCounters({ url: server.url, prefix, down: 'local' })
    ;(await opening).close()
    await until(async () => await clients(server) === 1)
  })

  t.test('refuses what became of a hit is told it again once it is back', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters } = await node(t, server.url)
    const [kept, returned] = [await counters.reserve('a', 5), await counters.reserve('a', 5)]
    await server.ask('CONFIG', 'SET', 'maxmemory', 1)
    returned.release()
    await until(() => !source.up)
    // While it is away, too.
    kept.commit()
    await server.ask('CONFIG', 'SET', 'maxmemory', 0)
    await until(() => source.up)
    await counters.consume('b', 5)
    await until(async () => `${await server.ask('HMGET', keyOf('test', 'a'), 'used', 'held')}` === '1,0')
  })

  t.test('does not answer what became of a hit is not told it twice', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters } = await node(t, server.url)
    const returned = await counters.reserve('a', 5)
    await counters.reserve('a', 5)
    server.pause()
    returned.release()
    await until(() => !source.up)
    server.resume()
    await until(() => source.up)
    await counters.consume('b', 5)
    await until(async () => await server.ask('HGET', keyOf('test', 'b'), 'used') === '1')
    t.equal(`${await server.ask('HMGET', keyOf('test', 'a'), 'used', 'held')}`, '1,1')
  })

  t.test('answers only after the broker has closed is left at once', { buffered: true }, async t => {
    let checks = 0
    const server = createServer(socket => socket.on('error', () => {}).on('data', data => {
      if (`${data}`.includes('HELLO')) return socket.write('*2\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n')
      checks++
      if (checks === 1) return socket.write('-ERR\r\n')
      source.close()
      socket.write('*0\r\n')
    })).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { source, told } = await node(t, `redis://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await until(() => checks === 2)
    await once(server.close(), 'close')
    t.strictSame(told, [[false, 'ERR']])
  })

  t.end()
})
