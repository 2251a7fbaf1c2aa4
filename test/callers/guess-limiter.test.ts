import t from 'tap'
import { GUESSING_WINDOW_MS, guessCounters } from '../../src/callers/guess-counters.js'
import { GuessLimiter } from '../../src/callers/guess-limiter.js'
import { memory } from '../../src/limits/memory/counters.js'
import { guarded, limited } from '../helpers/guarded.js'
import { elsewhere, home, login } from '../helpers/login.js'

t.test('a name has as many wrong passwords at an address as the limit', async t => {
  const { reserve, fail, time } = guarded()
  await fail(5)
  await t.rejects(reserve(), { ...limited, options: { retryAfter: 900 } })
  await t.resolves(reserve('juan'), 'another name')
  await t.resolves(reserve('susan', elsewhere), 'another address')
  time.pass(GUESSING_WINDOW_MS - 1500)
  await t.rejects(reserve(), { ...limited, options: { retryAfter: 2 } })
  time.pass(1500)
  await t.resolves(reserve(), 'the next window')
})

t.test('spellings of one name share a limit', async t => {
  for (const spelling of ['Alice', 'ALICE', ' alice\t', '\u00a0aLICE\u3000']) {
    const { reserve, fail } = guarded()
    await fail(5, 'alice')
    await t.rejects(reserve(spelling), limited, JSON.stringify(spelling))
  }
  const { reserve, fail } = guarded()
  await fail(5, 'jos\u00e9')
  await t.rejects(reserve('jose\u0301'), limited, 'normal forms')
})

t.test('one /64 is one address', async t => {
  const { reserve, fail } = guarded()
  for (let i = 0; i < 5; i++) await fail(1, 'susan', `2001:db8::${i}`)
  await t.rejects(reserve('susan', '2001:db8::beef'), limited)
  await t.resolves(reserve('susan', '2001:db8:0:1::1'))
})

t.test('a name and an address are never taken for another pair', async t => {
  const { reserve, fail } = guarded()
  await fail(5, 'a', 'no address')
  await t.resolves(reserve('no-address a', home))
  await t.rejects(reserve('a', 'nor this'), limited)
})

t.test('a right password clears the failures of its name at its address, and no others', async t => {
  const { reserve, fail, succeed } = guarded()
  await fail(4)
  await fail(4, 'susan', elsewhere)
  await fail(4, 'juan')
  await succeed()
  await fail(5)
  await t.rejects(reserve(), limited)
  await fail(1, 'susan', elsewhere)
  await t.rejects(reserve('susan', elsewhere), limited)
  await fail(1, 'juan')
  await t.rejects(reserve('juan'), limited)
})

t.test('a cancelled attempt is no wrong password', async t => {
  const { reserve, fail } = guarded()
  for (let i = 0; i < 20; i++) (await reserve()).cancelled()
  await fail(5)
  await t.rejects(reserve(), limited)
})

t.test('a reload may change the limit', async t => {
  const { guessLimiter, reserve, fail } = guarded()
  await fail(3)
  guessLimiter.limitFailures(3)
  await t.rejects(reserve(), limited)
  guessLimiter.limitFailures(4)
  await t.resolves(reserve())
})

t.test('its counters may be those in memory', async t => {
  const guessLimiter = new GuessLimiter({ ...guessCounters(memory), failuresMax: 1 })
  const attempt = await guessLimiter.reserve('susan', login())
  attempt.failed()
  await t.rejects(async () => await guessLimiter.reserve('susan', login()), limited)
})
