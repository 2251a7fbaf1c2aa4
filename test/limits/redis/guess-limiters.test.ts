import t from 'tap'
import { GUESSING_WINDOW_MS, guessCounters } from '../../../src/callers/guess-counters.js'
import { GuessLimiter } from '../../../src/callers/guess-limiter.js'
import type { LoginAttempt } from '../../../src/callers/login-attempt.js'
import { KNOWN_MS } from '../../../src/limits/memory/known-addresses.js'
import type { Problem } from '../../../src/problems.js'
import { home, login } from '../../helpers/login.js'
import { noRedis, patientWithRedis } from '../../helpers/redis.js'
import { node, redis } from '../../helpers/redis-nodes.js'
import { until } from '../../helpers/until.js'

t.test('guess limiters that share a Redis', { skip: noRedis }, async t => {
  const server = await redis(t)
  patientWithRedis(t)
  t.beforeEach(async () => { await server.ask('FLUSHALL') })

  t.test('everything in Redis has a version and a life, and nothing says who it is about', async t => {
    const { source, counters } = await node(t, server.url)
    const guessLimiter = new GuessLimiter({ ...guessCounters(source), failuresMax: 5 })
    const right: LoginAttempt = await guessLimiter.reserve('my password', login())
    right.succeeded()
    const wrong: LoginAttempt = await guessLimiter.reserve('my password', login())
    wrong.failed()
    await counters.consume('x'.repeat(5000), 5)
    const keys = await server.ask('KEYS', '*') as string[]
    t.strictSame(new Set(keys.map(key => key.split(':')[2])), new Set(['known-address', 'login-name', 'login-pair', 'probe', 'test']))
    for (const key of keys) {
      t.match(key, /^\{twilio-token-broker\}:2:[a-z-]+:[\w-]{43}$/)
      const life = await server.ask('PTTL', key) as number
      // One that the broker checks with ends soon, and may be gone by now.
      t.ok((life > 0 && life <= KNOWN_MS) || (life === -2 && key.includes(':probe:')), key)
    }
  })

  t.test('three guessLimiters let through as many wrong passwords as one', async t => {
    const guessLimiters = await Promise.all([1, 2, 3].map(async () =>
      new GuessLimiter({ ...guessCounters((await node(t, server.url)).source), failuresMax: 5 })))
    let tried = 0
    const guess = async (guessLimiter: GuessLimiter) => {
      const attempt = await guessLimiter.reserve('susan', login())
      tried++
      await new Promise(resolve => setImmediate(resolve))
      attempt.failed()
    }
    const guesses = Array.from({ length: 60 }, (_, i) => guess(guessLimiters[i % 3]!))
    const results = await Promise.allSettled(guesses)
    t.equal(tried, 5)
    for (const result of results) if (result.status === 'rejected') t.has(result.reason, { code: 'login-limited' })
    const { options } = await guess(guessLimiters[0]!).catch(error => error as Problem) as Problem
    t.ok(options.retryAfter! > 800 && options.retryAfter! <= GUESSING_WINDOW_MS / 1000)
  })

  t.test('right passwords at once on three nodes are all let in', async t => {
    const guessLimiters = await Promise.all([1, 2, 3].map(async () =>
      new GuessLimiter({ ...guessCounters((await node(t, server.url)).source), failuresMax: 2 })))
    await t.resolves(Promise.all(Array.from({ length: 30 }, async (_, i) => {
      const attempt = await guessLimiters[i % 3]!.reserve('susan', login())
      await new Promise(resolve => setImmediate(resolve))
      attempt.succeeded()
    })))
  })

  t.test('where a name logged in recently is known to all nodes', async t => {
    const [one, two] = [(await node(t, server.url)).source.knownAddresses(), (await node(t, server.url)).source.knownAddresses()]
    t.notOk(await two.has('susan', home))
    one.add('susan', home)
    one.add('susan', home)
    t.ok(await one.has('susan', home))
    await until(() => two.has('susan', home))
    t.notOk(await two.has('susan', '192.0.2.2'))
    t.strictSame([one.hasName('susan'), two.hasName('susan')], [true, false], 'by name alone, only where it logged in')
  })

  t.end()
})
