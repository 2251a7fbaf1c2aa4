import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { GUESSING_WINDOW, Guard, guessCounters, type Place } from '../../src/callers/guard.js'
import { isSpent } from '../../src/limits/counters.js'
import { LATELY } from '../../src/limits/lately.js'
import { sharedCounters, type SharedOptions } from '../../src/limits/redis.js'
import { redisKey } from '../../src/limits/redis-scripts.js'
import type { Problem } from '../../src/problems.js'
import { blackHole } from '../helpers/black-hole.js'
import { noRedis, redisServer } from '../helpers/redis.js'
import { until } from '../helpers/until.js'

const minute = 60_000
const home = '192.0.2.1'

/** A Redis of the test's own. */
async function redis (t: Test) {
  const server = await redisServer()
  t.teardown(server.close)
  return server
}

/** The counters of one node, and what it told of Redis. */
async function node (t: Test, url: string, down: SharedOptions['down'] = 'local') {
  const told: Array<[up: boolean, cause?: string]> = []
  const source = await sharedCounters({ url, down, onChange: (...change) => told.push(change) })
  t.teardown(source.close)
  return { source, told, counters: source.counters('test', minute) }
}

/** How many are connected, the one who asks included. */
async function clients (server: Awaited<ReturnType<typeof redisServer>>): Promise<number> {
  return `${await server.ask('CLIENT', 'LIST')}`.trim().split('\n').length
}

/** What came of something, and how long it took. */
async function timed<T> (work: Promise<T>) {
  const start = performance.now()
  const [result] = await Promise.allSettled([work])
  return { result, ms: performance.now() - start }
}

t.test('counters that nodes share', { skip: noRedis }, async t => {
  const server = await redis(t)
  t.beforeEach(async () => { await server.ask('FLUSHALL') })

  t.test('a limit is one for all nodes, and a use of counters one of its own', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    t.ok(one.source.up && two.source.up)
    t.strictSame(one.told, [[true, undefined]])
    t.match(await one.counters.take('a', 3), { used: 1, held: 0, max: 3, exceeded: false })
    t.match(await two.counters.take('a', 3), { used: 2 })
    t.match(await one.counters.take('a', 3), { used: 3, exceeded: false })
    for (const { counters } of [one, two]) {
      const { used, exceeded, resetMs } = await counters.take('a', 3)
      t.match({ used, exceeded }, { used: 3, exceeded: true })
      t.ok(resetMs > minute - 5000 && resetMs <= minute)
    }
    t.match(await two.counters.take('b', 3), { used: 1 })
    t.match(await two.source.counters('other', minute).take('a', 3), { used: 1 })
  })

  t.test('a hold is one for all nodes', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const kept = await one.counters.hold('a', 2)
    const givenBack = await two.counters.hold('a', 2)
    t.match(givenBack, { used: 2, held: 2, exceeded: false })
    const third = await one.counters.hold('a', 2)
    t.match(third, { used: 2, held: 2, exceeded: true })
    t.notOk(isSpent(third))
    third.giveBack()
    kept.keep()
    // Told at the end of the turn, over a connection of the node's own.
    await until(async () => (await two.counters.hold('a', 2)).held === 1)
    t.match(await two.counters.hold('a', 2), { used: 2, held: 1, exceeded: true })
    givenBack.giveBack()
    await until(async () => (await one.counters.take('a', 1)).used === 1)
    const next = await one.counters.hold('a', 2)
    t.match(next, { used: 2, held: 1, exceeded: false })
    next.keep()
    await until(async () => isSpent(await two.counters.hold('a', 2)))
  })

  t.test('what is given back when all hits were, or late, takes nothing from the next window', async t => {
    const { counters } = await node(t, server.url)
    const late = await counters.hold('a', 3)
    const last = await counters.hold('b', 2)
    last.giveBack()
    await server.ask('FLUSHALL')
    await counters.hold('a', 3)
    late.giveBack()
    t.match(await counters.take('a', 3), { used: 2, held: 1 })
    t.match(await counters.take('b', 2), { used: 1 })
  })

  t.test('clear forgets what counted on any node, and leaves what is held', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const held = await one.counters.hold('a', 3)
    await two.counters.take('a', 3)
    one.counters.clear('a')
    t.match(await one.counters.take('a', 3), { used: 2, held: 1 })
    held.keep()
    one.counters.clear('a')
    t.match(await one.counters.take('a', 3), { used: 1, held: 0 })
    t.match(await two.counters.take('a', 3), { used: 2, held: 0 })
  })

  t.test('what is asked ahead is counted once, up to the first that is refused, and given back if nobody comes for it', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const { counters } = one
    const ask = (key: string, max: number, hold: 0 | 1 = 0) => ({ counters, key, max, hold })
    await two.counters.take('spent', 1)
    await two.counters.take('a', 5)

    const refused = one.source.askAhead!([ask('a', 5), ask('spent', 1), ask('b', 5, 1)])
    t.match(await counters.take('a', 5), { used: 2 })
    t.match(await counters.take('spent', 1), { used: 1, exceeded: true })
    t.equal((await server.ask('KEYS', '*:test:*') as string[]).length, 2, 'what comes behind a refusal is not counted')
    t.match(await counters.hold('b', 5), { used: 1, held: 1 }, 'but can still be asked for')
    refused()

    const release = one.source.askAhead!([ask('c', 5), ask('d', 5, 1), ask('spent', 1), ask('e', 5)])
    t.match(await two.counters.take('c', 5), { used: 2 })
    release()
    release()
    await until(async () => await server.ask('HGET', redisKey('test', 'c'), 'used') === '1')
    await until(async () => await server.ask('EXISTS', redisKey('test', 'd')) === 0)
    one.source.askAhead!([ask('spent', 1)])()

    const both = [one.source.askAhead!([ask('f', 5)]), one.source.askAhead!([ask('f', 5)])]
    t.match(await counters.take('f', 5), { used: 1 })
    t.match(await counters.take('f', 5), { used: 2 })
    t.match(await counters.take('f', 5), { used: 3 }, 'no reply serves twice')
    for (const release of both) release()
    t.match(await counters.take('f', 5), { used: 4 })

    const only = await counters.hold('g', 1)
    only.giveBack()
    one.source.askAhead!([ask('g', 1, 1)])
    t.match(await counters.hold('g', 1), { exceeded: false }, 'what was told before is known by then')
  })

  t.test('a hold whose node died is given back after half a minute', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    await two.counters.take('a', 2)
    await one.counters.hold('a', 2)
    one.source.close()
    t.match(await two.counters.hold('a', 2), { exceeded: true })
    const [key] = await server.ask('KEYS', '*:test:*') as [string]
    await server.ask('PEXPIRE', key, minute - 31_000)
    t.match(await two.counters.hold('a', 2), { used: 2, held: 1, exceeded: false })
  })

  t.test('everything in Redis has a version and a life, and nothing says who it is about', async t => {
    const { source, counters } = await node(t, server.url)
    const guard = new Guard({ ...guessCounters(source), failuresMax: 5 })
    const right: Place = await guard.reserve('my password', { ip: home, signal: new AbortController().signal })
    right.succeeded()
    const wrong: Place = await guard.reserve('my password', { ip: home, signal: new AbortController().signal })
    wrong.failed()
    await counters.take('x'.repeat(5000), 5)
    const keys = await server.ask('KEYS', '*') as string[]
    t.strictSame(keys.map(key => key.split(':')[2]).sort(), ['lately', 'login-name', 'login-pair', 'probe', 'test'])
    for (const key of keys) {
      t.match(key, /^twilio-token-broker:1:[a-z-]+:[\w-]{43}$/)
      const life = await server.ask('PTTL', key) as number
      t.ok(life > 0 && life <= LATELY, key)
    }
  })

  t.test('a window is never longer than it should be, even if the clock of Redis was set back', async t => {
    const { counters } = await node(t, server.url)
    await counters.take('a', 5)
    const [key] = await server.ask('KEYS', '*:test:*') as [string]
    await server.ask('PEXPIRE', key, 100 * minute)
    const { used, resetMs } = await counters.take('a', 5)
    t.equal(used, 2)
    t.ok(resetMs <= minute)
    t.ok(await server.ask('PTTL', key) as number <= minute)
  })

  t.test('three guards let through as many wrong passwords as one', async t => {
    const guards = await Promise.all([1, 2, 3].map(async () =>
      new Guard({ ...guessCounters((await node(t, server.url)).source), failuresMax: 5 })))
    let tried = 0
    const guess = async (guard: Guard) => {
      const place = await guard.reserve('susan', { ip: home, signal: new AbortController().signal })
      tried++
      await new Promise(resolve => setImmediate(resolve))
      place.failed()
    }
    const guesses = Array.from({ length: 60 }, (_, i) => guess(guards[i % 3]!))
    const results = await Promise.allSettled(guesses)
    t.equal(tried, 5)
    for (const result of results) if (result.status === 'rejected') t.match(result.reason, { code: 'login-limited' })
    const { options } = await guess(guards[0]!).catch(error => error as Problem) as Problem
    t.ok(options.retryAfter! > 800 && options.retryAfter! <= GUESSING_WINDOW / 1000)
  })

  t.test('right passwords at once on three nodes are all let in', async t => {
    const guards = await Promise.all([1, 2, 3].map(async () =>
      new Guard({ ...guessCounters((await node(t, server.url)).source), failuresMax: 2 })))
    await t.resolves(Promise.all(Array.from({ length: 30 }, async (_, i) => {
      const place = await guards[i % 3]!.reserve('susan', { ip: home, signal: new AbortController().signal })
      await new Promise(resolve => setImmediate(resolve))
      place.succeeded()
    })))
  })

  t.test('where a name logged in lately is known to all nodes', async t => {
    const [one, two] = [(await node(t, server.url)).source.lately(), (await node(t, server.url)).source.lately()]
    t.notOk(await two.has('susan', home))
    one.note('susan', home)
    one.note('susan', home)
    t.ok(await one.has('susan', home))
    await until(() => two.has('susan', home))
    t.notOk(await two.has('susan', '192.0.2.2'))
  })

  t.end()
})

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

t.test('a Redis that', { skip: noRedis, jobs: 4 }, t => {
  for (const { says, cause, strike, mend } of faults) {
    t.test(says, { buffered: true }, async t => {
      const server: Server = { redis: await redis(t), proxy: undefined! }
      server.proxy = await blackHole({ host: '127.0.0.1', port: server.redis.port })
      t.teardown(server.proxy.close)
      const url = `redis://127.0.0.1:${server.proxy.port}`
      const local = await node(t, url, 'local')
      const closed = await node(t, url, 'closed')
      await local.counters.take('a', 3)
      await closed.counters.take('b', 3)

      await strike(server)
      const first = await Promise.all(Array.from({ length: 50 }, () => timed(local.counters.take('a', 3) as Promise<unknown>)))
      t.ok(Math.max(...first.map(({ ms }) => ms)) < 600, 'nobody waits for long')
      t.equal(first.filter(({ result }) => result?.status === 'fulfilled' && !(result.value as { exceeded: boolean }).exceeded).length, 2, 'the count goes on from what Redis said')
      await until(() => !local.source.up && !closed.source.up)
      t.match(local.told.at(-1), [false, cause])

      const next = await timed(local.counters.take('c', 3) as Promise<unknown>)
      t.ok(next.ms < 100, 'then nobody waits at all')
      const refused = await timed(closed.counters.hold('b', 3) as Promise<unknown>)
      t.match(refused.result, { status: 'rejected', reason: { code: 'limiter-unavailable', status: 503, options: { retryAfter: 5 } } })
      t.ok(refused.ms < 100)

      await mend(server)
      const back = await until(() => local.source.up && closed.source.up)
      t.ok(back < 5000, `used again after ${back} ms`)
      t.match(local.told.at(-1), [true])
      t.match(await closed.counters.take('b', 3), { exceeded: false })
    })
  }

  t.test('is loading, or wants a password, is as good as away', { buffered: true }, async t => {
    for (const reply of ['LOADING Redis is loading the dataset in memory', 'NOAUTH Authentication required.', 'ERR unknown command, with args beginning with: \'canary\'']) {
      const server = createServer(socket => socket.on('data', () => socket.write(`-${reply}\r\n`)).on('error', () => {})).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { source, told, counters } = await node(t, `redis://:canary@127.0.0.1:${(server.address() as AddressInfo).port}`)
      t.notOk(source.up)
      t.strictSame(told, [[false, reply.split(' ')[0]]])
      t.match(await counters.take('a', 1), { exceeded: false })
      t.match(await counters.take('a', 1), { exceeded: true })
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
    const hold = await counters.hold('a', 1)
    t.match(hold, { exceeded: false, held: 1 })
    hold.keep()
    t.match(await counters.hold('a', 1), { exceeded: true })
    await server.start()
    t.ok(await until(() => source.up) < 5000)
  })

  t.test('restarts empty does not unlock what this node has locked', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters, told } = await node(t, server.url)
    const guard = new Guard({ ...guessCounters(source), failuresMax: 1 })
    const guess = async () => await guard.reserve('susan', { ip: home, signal: new AbortController().signal })
    const place = await guess()
    place.failed()
    await counters.take('a', 1)
    await counters.take('b', 2)
    await server.kill()
    await until(() => !source.up)
    await server.start()
    await until(() => source.up)
    t.equal(told.length, 3)
    t.match(await counters.take('a', 1), { exceeded: true })
    t.match(await counters.take('b', 2), { exceeded: false })
    await t.rejects(guess(), { code: 'login-limited' })
  })

  t.test('goes away while a hold is open loses nothing of it', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters } = await node(t, server.url)
    const [kept, givenBack] = [await counters.hold('a', 2), await counters.hold('a', 2)]
    await server.kill()
    await until(() => !source.up)
    kept.keep()
    givenBack.giveBack()
    t.match(await counters.hold('a', 2), { used: 2, held: 1, exceeded: false })
    counters.clear('a')
    t.match(await counters.hold('a', 2), { used: 2, held: 2, exceeded: false })
  })

  t.test('was away when an address logged in is told at the next login', { buffered: true }, async t => {
    const server = await redis(t)
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const [here, there] = [one.source.lately(), two.source.lately()]
    await server.kill()
    await until(() => !one.source.up && !two.source.up)
    here.note('susan', home)
    t.ok(await here.has('susan', home))
    t.notOk(await there.has('susan', home))
    await server.start()
    await until(() => one.source.up && two.source.up)
    here.note('susan', home)
    await until(() => there.has('susan', home))
  })

  t.test('failed once has lost its connection, and with it whoever else waits on that', { buffered: true }, async t => {
    const server = await redis(t)
    const { counters } = await node(t, server.url)
    await server.ask('CONFIG', 'SET', 'maxmemory', 1)
    await counters.take('a', 1)
    await until(async () => await clients(server) === 1)
  })

  t.test('is let go of is asked no more', { buffered: true }, async t => {
    const server = await redis(t)
    const { source, counters } = await node(t, server.url)
    source.close()
    t.notOk(source.up)
    t.match(await counters.take('a', 1), { exceeded: false })
    const opening = sharedCounters({ url: server.url, down: 'local' })
    ;(await opening).close()
    await until(async () => await clients(server) === 1)
  })

  t.end()
})
