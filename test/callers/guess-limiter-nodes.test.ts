import t from 'tap'
import { GUESSING_WINDOW_MS } from '../../src/callers/guess-counters.js'
import type { Counters } from '../../src/limits/counters.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { collect, guarded, susanAtHome } from '../helpers/guarded.js'
import { promised } from '../helpers/promised.js'
import { settle } from '../helpers/settle.js'
import { until } from '../helpers/until.js'

t.test('an attempt that another node releases is found without a wake-up', async t => {
  const perNameAndAddress = new MemoryCounters(GUESSING_WINDOW_MS)
  const { reserve } = guarded({ failuresMax: 1, perNameAndAddress })
  const heldByAnotherNode = perNameAndAddress.reserve(susanAtHome, 1)
  const waiting = reserve()
  await settle()
  heldByAnotherNode.release()
  await t.resolves(waiting)
})

t.test('a login that waited for its address may then have to wait for its name', async t => {
  const perNameAndAddress = new MemoryCounters(GUESSING_WINDOW_MS)
  const perName = new MemoryCounters(GUESSING_WINDOW_MS)
  let asked = 0
  const counted: Counters = { ...promised(perName), reserve: (...hit) => { asked++; return perName.reserve(...hit) } }
  const { reserve } = guarded({ failuresMax: 1, perNameAndAddress, perName: counted })
  const heldByAnotherNode = perNameAndAddress.reserve(susanAtHome, 1)
  const [first] = await Promise.all(Array.from({ length: 20 }, (_, i) => reserve('susan', `198.51.100.${i}`)))
  const { attempts } = collect([reserve()])
  await settle()
  asked = 0
  heldByAnotherNode.release()
  await until(() => asked > 0)
  await settle()
  t.equal(attempts.length, 0)
  first?.cancelled()
  await settle()
  t.equal(attempts.length, 1)
})

t.test('with counters that promise their answers', t => {
  t.test('the limit stands', async t => {
    const { reserve } = guarded({ perNameAndAddress: promised(new MemoryCounters(GUESSING_WINDOW_MS)), perName: promised(new MemoryCounters(GUESSING_WINDOW_MS)) })
    const { attempts, refused } = collect(Array.from({ length: 100 }, () => reserve()))
    await settle()
    t.equal(attempts.length, 5)
    for (const attempt of attempts) attempt.failed()
    await settle()
    t.strictSame(refused, Array(95).fill('login-limited'))
  })

  t.test('one that fails gives back the other', async t => {
    const perNameAndAddress = new MemoryCounters(GUESSING_WINDOW_MS)
    const perName = new MemoryCounters(GUESSING_WINDOW_MS)
    const { reserve } = guarded({ perNameAndAddress: promised(perNameAndAddress), perName: promised(perName, 1) })
    const first = reserve()
    t.match(perNameAndAddress.read(susanAtHome, 5), { used: 1 })
    await t.rejects(first, { code: 'limiter-unavailable' })
    t.match(perNameAndAddress.read(susanAtHome, 5), { used: 0 })
    await t.resolves(reserve())
  })

  t.end()
})
