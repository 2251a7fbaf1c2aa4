import t from 'tap'
import { GUESSING_WINDOW } from '../../src/callers/guess-counters.js'
import type { Counters } from '../../src/limits/counters.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { collect, guarded, susanAtHome } from '../helpers/guarded.js'
import { promised } from '../helpers/promised.js'
import { settle } from '../helpers/settle.js'
import { until } from '../helpers/until.js'

t.test('places that another node frees are found without being woken', async t => {
  const pairs = new MemoryCounters(GUESSING_WINDOW)
  const { reserve } = guarded({ failuresMax: 1, pairs })
  const heldByAnotherNode = pairs.reserve(susanAtHome, 1)
  const waiting = reserve()
  await settle()
  heldByAnotherNode.release()
  await t.resolves(waiting)
})

t.test('who waited for a place at an address may then have to wait for one of the name', async t => {
  const pairs = new MemoryCounters(GUESSING_WINDOW)
  const names = new MemoryCounters(GUESSING_WINDOW)
  let asked = 0
  const counted: Counters = { ...promised(names), reserve: (...hit) => { asked++; return names.reserve(...hit) } }
  const { reserve } = guarded({ failuresMax: 1, pairs, names: counted })
  const heldByAnotherNode = pairs.reserve(susanAtHome, 1)
  const [first] = await Promise.all(Array.from({ length: 20 }, (_, i) => reserve('susan', `198.51.100.${i}`)))
  const { places } = collect([reserve()])
  await settle()
  asked = 0
  heldByAnotherNode.release()
  await until(() => asked > 0)
  await settle()
  t.equal(places.length, 0)
  first?.cancelled()
  await settle()
  t.equal(places.length, 1)
})

t.test('with counters that promise their answers', t => {
  t.test('the limit stands', async t => {
    const { reserve } = guarded({ pairs: promised(new MemoryCounters(GUESSING_WINDOW)), names: promised(new MemoryCounters(GUESSING_WINDOW)) })
    const { places, refused } = collect(Array.from({ length: 100 }, () => reserve()))
    await settle()
    t.equal(places.length, 5)
    for (const place of places) place.failed()
    await settle()
    t.strictSame(refused, Array(95).fill('login-limited'))
  })

  t.test('one that fails gives back the other', async t => {
    const pairs = new MemoryCounters(GUESSING_WINDOW)
    const names = new MemoryCounters(GUESSING_WINDOW)
    const { reserve } = guarded({ pairs: promised(pairs), names: promised(names, 1) })
    const first = reserve()
    t.match(pairs.read(susanAtHome, 5), { used: 1 })
    await t.rejects(first, { code: 'limiter-unavailable' })
    t.match(pairs.read(susanAtHome, 5), { used: 0 })
    await t.resolves(reserve())
  })

  t.end()
})
