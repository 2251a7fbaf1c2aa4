import t, { type Test } from 'tap'
import { GUESSING_WINDOW } from '../../src/callers/guess-counters.js'
import type { GuessLimiter } from '../../src/callers/guess-limiter.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { guarded, limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { promised } from '../helpers/promised.js'

t.test('a password that is known at once to be right', t => {
  const known = (t: Test, guard: GuessLimiter, ip = home) => {
    let compared = 0
    const found = guard.tryFastPath('susan', ip, () => {
      compared++
      return 'susan'
    })
    t.equal(compared, found === undefined ? 0 : 1, 'is compared only where it may be')
    return found
  }

  t.test('passes, which starts that name at that address anew, and the address is known', async t => {
    const { guard, fail, reserve } = guarded()
    await fail(4)
    t.equal(known(t, guard), 'susan')
    await fail(4)
    t.equal(known(t, guard), 'susan')
    for (let i = 0; i < 18; i++) await fail(5, 'susan', `203.0.113.${i}`)
    await fail(2, 'susan', '203.0.113.18')
    await t.rejects(reserve('susan', elsewhere), limited, 'the name is stopped for others')
    t.ok(await reserve())
  })

  t.test('does not pass a pair or a name that has had its wrong passwords', async t => {
    const { guard, fail } = guarded()
    await fail(5)
    t.equal(known(t, guard), undefined)
    t.equal(known(t, guard, elsewhere), 'susan')
    for (let i = 0; i < 19; i++) await fail(5, 'susan', `203.0.113.${i}`)
    t.equal(known(t, guard, '198.51.100.2'), undefined)
  })

  t.test('is not known to be so after all, and takes no place', async t => {
    const { guard, reserve } = guarded({ failuresMax: 1 })
    t.equal(guard.tryFastPath('susan', home, () => undefined), undefined)
    t.ok(await reserve())
  })

  t.test('has to wait where places are taken, or where counters promise their answers', async t => {
    const { guard, reserve } = guarded({ failuresMax: 1 })
    const place = await reserve()
    t.equal(known(t, guard), undefined)
    place.cancelled()
    t.equal(known(t, guard), 'susan')
    const far = guarded({ pairs: promised(new MemoryCounters(GUESSING_WINDOW)) })
    t.equal(known(t, far.guard), undefined)
    const name = guarded({ names: promised(new MemoryCounters(GUESSING_WINDOW)) })
    t.equal(known(t, name.guard), undefined)
  })
  t.end()
})
