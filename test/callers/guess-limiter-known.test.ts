import t, { type Test } from 'tap'
import { GUESSING_WINDOW_MS } from '../../src/callers/guess-counters.js'
import type { GuessLimiter } from '../../src/callers/guess-limiter.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { guarded, limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { promised } from '../helpers/promised.js'

t.test('a cached right password', t => {
  const known = (t: Test, guessLimiter: GuessLimiter, ip = home) => {
    let compared = 0
    const found = guessLimiter.tryFastPath('susan', ip, () => {
      compared++
      return 'susan'
    })
    t.equal(compared, found === undefined ? 0 : 1, 'is compared only where an attempt is free')
    return found
  }

  t.test('is admitted, clears the failures of its name at its address, and makes the address known', async t => {
    const { guessLimiter, fail, reserve } = guarded()
    await fail(4)
    t.equal(known(t, guessLimiter), 'susan')
    await fail(4)
    t.equal(known(t, guessLimiter), 'susan')
    for (let i = 0; i < 18; i++) await fail(5, 'susan', `203.0.113.${i}`)
    await fail(2, 'susan', '203.0.113.18')
    await t.rejects(reserve('susan', elsewhere), limited, 'the name is stopped elsewhere')
    t.ok(await reserve())
  })

  t.test('is not admitted at the limit of its name, or of its name and address', async t => {
    const { guessLimiter, fail } = guarded()
    await fail(5)
    t.equal(known(t, guessLimiter), undefined)
    t.equal(known(t, guessLimiter, elsewhere), 'susan')
    for (let i = 0; i < 19; i++) await fail(5, 'susan', `203.0.113.${i}`)
    t.equal(known(t, guessLimiter, '198.51.100.2'), undefined)
  })

  t.test('that is not cached after all takes no attempt', async t => {
    const { guessLimiter, reserve } = guarded({ failuresMax: 1 })
    t.equal(guessLimiter.tryFastPath('susan', home, () => undefined), undefined)
    t.ok(await reserve())
  })

  t.test('waits where all attempts are taken, or where counters return promises', async t => {
    const { guessLimiter, reserve } = guarded({ failuresMax: 1 })
    const attempt = await reserve()
    t.equal(known(t, guessLimiter), undefined)
    attempt.cancelled()
    t.equal(known(t, guessLimiter), 'susan')
    const far = guarded({ perNameAndAddress: promised(new MemoryCounters(GUESSING_WINDOW_MS)) })
    t.equal(known(t, far.guessLimiter), undefined)
    const name = guarded({ perName: promised(new MemoryCounters(GUESSING_WINDOW_MS)) })
    t.equal(known(t, name.guessLimiter), undefined)
  })
  t.end()
})
