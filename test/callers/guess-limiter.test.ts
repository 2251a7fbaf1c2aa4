import t from 'tap'
import { GUESSING_WINDOW, guessCounters } from '../../src/callers/guess-counters.js'
import { GuessLimiter } from '../../src/callers/guess-limiter.js'
import { memory } from '../../src/limits/memory/counters.js'
import { guarded, limited } from '../helpers/guarded.js'
import { elsewhere, home, login } from '../helpers/login.js'

t.test('so many wrong passwords, and no more, for a name at an address', async t => {
  const { reserve, fail, time } = guarded()
  await fail(5)
  await t.rejects(reserve(), { ...limited, options: { retryAfter: 900 } })
  await t.resolves(reserve('juan'), 'another name')
  await t.resolves(reserve('susan', elsewhere), 'another address')
  time.pass(GUESSING_WINDOW - 1500)
  await t.rejects(reserve(), { ...limited, options: { retryAfter: 2 } })
  time.pass(1500)
  await t.resolves(reserve(), 'the next window')
})

t.test('spellings of one name share a bucket', async t => {
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

t.test('a name and an address never read as another pair', async t => {
  const { reserve, fail } = guarded()
  await fail(5, 'a', 'no address')
  await t.resolves(reserve('no-address a', home))
  await t.rejects(reserve('a', 'nor this'), limited)
})

t.test('a right password starts that name at that address anew, and nothing else', async t => {
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

t.test('what is cancelled is no wrong password', async t => {
  const { reserve, fail } = guarded()
  for (let i = 0; i < 20; i++) (await reserve()).cancelled()
  await fail(5)
  await t.rejects(reserve(), limited)
})

t.test('a reload may change the limit', async t => {
  const { guard, reserve, fail } = guarded()
  await fail(3)
  guard.failuresMax = 3
  await t.rejects(reserve(), limited)
  guard.failuresMax = 4
  await t.resolves(reserve())
})

t.test('its counters may live where all others do', async t => {
  const guard = new GuessLimiter({ ...guessCounters(memory), failuresMax: 1 })
  const place = await guard.reserve('susan', login())
  place.failed()
  await t.rejects(async () => await guard.reserve('susan', login()), limited)
})
