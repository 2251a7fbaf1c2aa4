import t from 'tap'
import { memory, MemoryCounters } from '../../../src/limits/memory/counters.js'
import { clock } from '../../helpers/clock.js'

const minute = 60_000

t.test('a hit counts up to the limit, and what is beyond it is refused and not counted', t => {
  const counters = new MemoryCounters(minute, clock())
  t.match(counters.take('a', 2), { used: 1, held: 0, max: 2, resetMs: minute, exceeded: false })
  t.match(counters.take('a', 2), { used: 2, exceeded: false })
  t.match(counters.take('a', 2), { used: 2, exceeded: true })
  t.match(counters.take('b', 2), { used: 1, exceeded: false }, 'another key counts for itself')
  t.end()
})

t.test('a window begins with the first hit, and ends whole', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, time)
  counters.take('a', 1)
  time.pass(minute - 1)
  t.match(counters.take('a', 1), { exceeded: true, resetMs: 1 })
  time.pass(1)
  t.match(counters.take('a', 1), { exceeded: false, used: 1, resetMs: minute })
  t.end()
})

t.test('a wall clock that steps changes nothing', t => {
  const counters = new MemoryCounters(minute)
  counters.take('a', 1)
  t.intercept(Date, 'now', { value: () => 0 })
  t.match(counters.take('a', 1), { exceeded: true })
  t.intercept(Date, 'now', { value: () => Number.MAX_SAFE_INTEGER })
  const { exceeded, resetMs } = counters.take('a', 1)
  t.ok(exceeded && resetMs <= minute && resetMs > 0)
  t.end()
})

t.test('to look counts nothing', t => {
  const counters = new MemoryCounters(minute, clock())
  t.match(counters.read('a', 1), { used: 0, held: 0, max: 1, resetMs: 0, exceeded: false })
  counters.take('a', 1)
  t.match(counters.read('a', 1), { used: 1, resetMs: minute, exceeded: true })
  t.match(counters.read('a', 2), { used: 1, exceeded: false })
  t.match(counters.read('b', 0), { exceeded: true })
  t.strictSame([counters.isFull('a', 1), counters.isFull('a', 2), counters.isFull('b', 1), counters.isFull('b', 0)], [true, false, false, true])
  t.end()
})

t.test('a hold takes a place until it is given back', t => {
  const counters = new MemoryCounters(minute, clock())
  const first = counters.hold('a', 2)
  t.match(first, { used: 1, held: 1, exceeded: false })
  counters.hold('a', 2).keep()
  t.match(counters.read('a', 2), { used: 2, held: 1 })
  const third = counters.hold('a', 2)
  t.match(third, { used: 2, held: 1, exceeded: true })
  third.keep()
  third.giveBack()
  t.match(counters.read('a', 2), { used: 2, held: 1 }, 'one too many has nothing to give back')
  first.giveBack()
  t.match(counters.read('a', 2), { used: 1, held: 0 })
  t.end()
})

t.test('what is given back after the window ended takes nothing from the next', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, time)
  const kept = counters.hold('a', 5)
  const late = counters.hold('a', 5)
  kept.keep()
  time.pass(minute)
  counters.take('a', 5)
  late.giveBack()
  t.match(counters.read('a', 5), { used: 1, held: 0 })
  t.end()
})

t.test('a key whose hits were all given back begins anew', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, time)
  counters.hold('a', 1).giveBack()
  time.pass(1000)
  t.match(counters.take('a', 1), { used: 1, resetMs: minute })
  t.end()
})

t.test('clear forgets what counted and leaves what is held', t => {
  const counters = new MemoryCounters(minute, clock())
  const held = counters.hold('a', 3)
  counters.take('a', 3)
  counters.take('a', 3)
  counters.clear('a')
  t.match(counters.read('a', 3), { used: 1, held: 1 })
  held.keep()
  t.match(counters.read('a', 3), { used: 1, held: 0 })
  counters.clear('a')
  counters.clear('never seen')
  t.match(counters.read('a', 3), { used: 0 })
  t.end()
})

t.test('what another account of the same key says', t => {
  t.test('is taken over, beside what is held here', t => {
    const counters = new MemoryCounters(minute, clock())
    const held = counters.hold('a', 5)
    counters.take('a', 5)
    counters.learn('a', 5, 3, 1000)
    t.match(counters.read('a', 5), { used: 4, held: 1, resetMs: 1000 })
    held.giveBack()
    counters.learn('a', 5, 0, minute)
    t.match(counters.read('a', 5), { used: 0 })
    counters.learn('new', 2, 2, 1000)
    t.match(counters.take('new', 2), { exceeded: true, resetMs: 1000 })
    t.end()
  })

  t.test('does not unlock what is locked here', t => {
    const counters = new MemoryCounters(minute, clock())
    counters.take('a', 1)
    counters.learn('a', 1, 0, minute)
    t.match(counters.take('a', 1), { exceeded: true })
    t.end()
  })

  t.test('finds no room where there is none', t => {
    const counters = new MemoryCounters(minute, { ...clock(), size: 1 })
    counters.take('locked', 1)
    counters.learn('a', 5, 3, 1000)
    t.match(counters.read('a', 5), { used: 0 })
    t.end()
  })

  t.end()
})

t.test('a limit that was lowered holds for what was counted before', t => {
  const counters = new MemoryCounters(minute, clock())
  counters.take('a', 9)
  counters.take('a', 9)
  t.match(counters.take('a', 2), { exceeded: true })
  t.match(counters.take('a', 3), { used: 3, exceeded: false })
  t.end()
})

t.test('counters in memory are always up, and need no closing', t => {
  t.ok(memory.up)
  memory.close()
  t.end()
})
