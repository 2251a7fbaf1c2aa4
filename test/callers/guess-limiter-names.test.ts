import t from 'tap'
import { GUESSING_WINDOW_MS } from '../../src/callers/guess-counters.js'
import { collect, guarded, limited } from '../helpers/guarded.js'
import { home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

t.test('S73: over all addresses a name stops at twenty times the limit', async t => {
  const { reserve, time } = guarded()
  let tried = 0
  for (let address = 0; address < 200; address++) {
    for (let guess = 0; guess < 5; guess++) {
      await reserve('susan', `198.51.100.${address}`).then(attempt => { attempt.failed(); tried++ }, () => {})
    }
  }
  t.equal(tried, 100)
  await t.rejects(reserve('susan', home), { ...limited, options: { retryAfter: 900 } })
  await t.resolves(reserve('juan', home))
  time.pass(GUESSING_WINDOW_MS)
  await t.resolves(reserve('susan', home))
})

t.test('on a stopped name', async t => {
  const stopped = async () => {
    const guessLimiter = guarded({ failuresMax: 1 })
    await guessLimiter.succeed('susan', home)
    for (let i = 0; i < 20; i++) await guessLimiter.fail(1, 'susan', `198.51.100.${i}`)
    return guessLimiter
  }

  t.test('a new address does not get in', async t => {
    const { reserve } = await stopped()
    await t.rejects(reserve('susan', '203.0.113.9'), limited)
  })

  t.test('S74: an address that logged in recently still gets in', async t => {
    const { reserve, succeed } = await stopped()
    await succeed('Susan', home)
    await t.resolves(reserve('susan', `::ffff:${home}`))
  })

  t.test('only for the name it logged in with', async t => {
    const { reserve, fail, succeed } = await stopped()
    await succeed('juan', '203.0.113.8')
    await t.rejects(reserve('susan', '203.0.113.8'), limited)
    for (let i = 0; i < 20; i++) await fail(1, 'juan', `198.51.100.${i}`)
    await t.rejects(reserve('juan', home), limited)
  })

  t.test('and at that address the limit stands', async t => {
    const { reserve, fail } = await stopped()
    await fail(1, 'susan', home)
    await t.rejects(reserve('susan', home), limited)
  })

  t.end()
})

t.test('while attempts under way take all places of a name', async t => {
  const full = async () => {
    const guessLimiter = guarded({ failuresMax: 1 })
    await guessLimiter.succeed('susan', home)
    const attempts = await Promise.all(Array.from({ length: 20 }, (_, i) => guessLimiter.reserve('susan', `198.51.100.${i}`)))
    return { ...guessLimiter, attempts }
  }

  t.test('a new address waits for one of them', async t => {
    const { reserve, attempts } = await full()
    const next = collect([reserve('susan', '203.0.113.9'), reserve('susan', '203.0.113.10')])
    await settle()
    t.equal(next.attempts.length, 0)
    attempts[0]?.cancelled()
    await settle()
    t.equal(next.attempts.length, 1)
    for (const attempt of attempts.slice(1)) attempt.failed()
    await settle()
    t.strictSame(next.refused, [])
    next.attempts[0]?.failed()
    await settle()
    t.strictSame(next.refused, ['login-limited'])
  })

  t.test('an address that logged in recently does not wait', async t => {
    const { reserve } = await full()
    await t.resolves(reserve('susan', home))
  })

  t.test('a login that waits for the name holds no attempt of its name and address', async t => {
    const { reserve, attempts } = await full()
    const waits = new AbortController()
    const next = reserve('susan', '203.0.113.9', waits.signal)
    waits.abort(new Error('gone'))
    await t.rejects(next, { message: 'gone' })
    attempts[0]?.cancelled()
    await t.resolves(reserve('susan', '203.0.113.9'))
  })

  t.end()
})
