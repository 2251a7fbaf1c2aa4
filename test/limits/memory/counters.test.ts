import t from 'tap'
import { memory, MemoryCounters } from '../../../src/limits/memory/counters.js'
import { clock } from '../../helpers/clock.js'

const minute = 60_000

t.test('a hit counts up to the limit, and what is beyond it is refused and not counted', t => {
  const counters = new MemoryCounters(minute, clock())
  t.match(counters.consume('a', 2), { used: 1, held: 0, max: 2, resetMs: minute, exceeded: false })
  t.match(counters.consume('a', 2), { used: 2, exceeded: false })
  t.match(counters.consume('a', 2), { used: 2, exceeded: true })
  t.match(counters.consume('b', 2), { used: 1, exceeded: false }, 'another key counts for itself')
  t.end()
})

t.test('a window begins with the first hit, and ends whole', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, time)
  counters.consume('a', 1)
  time.pass(minute - 1)
  t.match(counters.consume('a', 1), { exceeded: true, resetMs: 1 })
  time.pass(1)
  t.match(counters.consume('a', 1), { exceeded: false, used: 1, resetMs: minute })
  t.end()
})

t.test('a wall clock that steps changes nothing', t => {
  const counters = new MemoryCounters(minute)
  counters.consume('a', 1)
  t.intercept(Date, 'now', { value: () => 0 })
  t.match(counters.consume('a', 1), { exceeded: true })
  t.intercept(Date, 'now', { value: () => Number.MAX_SAFE_INTEGER })
  const { exceeded, resetMs } = counters.consume('a', 1)
  t.ok(exceeded && resetMs <= minute && resetMs > 0)
  t.end()
})

t.test('reading counts nothing', t => {
  const counters = new MemoryCounters(minute, clock())
  t.match(counters.read('a', 1), { used: 0, held: 0, max: 1, resetMs: 0, exceeded: false })
  counters.consume('a', 1)
  t.match(counters.read('a', 1), { used: 1, resetMs: minute, exceeded: true })
  t.match(counters.read('a', 2), { used: 1, exceeded: false })
  t.match(counters.read('b', 0), { exceeded: true })
  t.strictSame([counters.isFull('a', 1), counters.isFull('a', 2), counters.isFull('b', 1), counters.isFull('b', 0)], [true, false, false, true])
  t.end()
})

t.test('a reservation counts until it is released', t => {
  const counters = new MemoryCounters(minute, clock())
  const first = counters.reserve('a', 2)
  t.match(first, { used: 1, held: 1, exceeded: false })
  counters.reserve('a', 2).commit()
  t.match(counters.read('a', 2), { used: 2, held: 1 })
  const third = counters.reserve('a', 2)
  t.match(third, { used: 2, held: 1, exceeded: true })
  third.commit()
  third.release()
  t.match(counters.read('a', 2), { used: 2, held: 1 }, 'a refused hit has nothing to release')
  first.release()
  t.match(counters.read('a', 2), { used: 1, held: 0 })
  t.end()
})

t.test('a release after the end of its window changes nothing in the next', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, time)
  const kept = counters.reserve('a', 5)
  const late = counters.reserve('a', 5)
  kept.commit()
  time.pass(minute)
  counters.consume('a', 5)
  late.release()
  t.match(counters.read('a', 5), { used: 1, held: 0 })
  t.end()
})

t.test('a key whose hits were all released begins anew', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, time)
  counters.reserve('a', 1).release()
  time.pass(1000)
  t.match(counters.consume('a', 1), { used: 1, resetMs: minute })
  t.end()
})

t.test('clear removes committed hits and keeps reservations', t => {
  const counters = new MemoryCounters(minute, clock())
  const held = counters.reserve('a', 3)
  counters.consume('a', 3)
  counters.consume('a', 3)
  counters.clear('a', 100)
  t.match(counters.read('a', 3), { used: 1, held: 1 })
  held.commit()
  t.match(counters.read('a', 3), { used: 1, held: 0 })
  counters.clear('a', 100)
  counters.clear('never seen', 100)
  t.match(counters.read('a', 3), { used: 0 })
  t.end()
})

t.test('a limited number of hits is cleared in one window', t => {
  const time = clock()
  const counters = new MemoryCounters(minute, { ...time, maxKeys: 4 })
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) counters.consume('a', 5)
  }
  fail(4)
  counters.clear('a', 6)
  t.match(counters.read('a', 5), { used: 0 })
  time.pass(1000)
  fail(1)
  t.match(counters.read('a', 5), { used: 1, resetMs: minute - 1000 }, 'the window goes on')
  fail(2)
  counters.clear('a', 6)
  t.match(counters.read('a', 5), { used: 1 })
  counters.clear('a', 3)
  t.match(counters.read('a', 5), { used: 1 }, 'also where the limit was lowered')
  for (let i = 0; i < 10; i++) counters.reserve(`idle ${i}`, 5).release()
  fail(4)
  counters.clear('a', 6)
  t.match(counters.consume('a', 5), { exceeded: true })
  time.pass(minute - 1000)
  fail(4)
  counters.clear('a', 6)
  t.match(counters.read('a', 5), { used: 0 }, 'the next window')
  t.end()
})

t.test('a counter with cleared hits is dropped after idle ones', t => {
  const counters = new MemoryCounters(minute, { ...clock(), maxKeys: 2 })
  counters.consume('a', 5)
  counters.clear('a', 1)
  counters.reserve('idle', 5).release()
  counters.consume('new', 5)
  counters.consume('a', 5)
  counters.clear('a', 1)
  t.match(counters.read('a', 5), { used: 1 })
  t.end()
})

t.test('a remote count of the same key', t => {
  const remote = { committed: 0, cleared: 0, resetMs: minute, windowId: 'one' }

  t.test('is merged with the reservations of this node', t => {
    const counters = new MemoryCounters(minute, clock())
    const held = counters.reserve('a', 5)
    counters.consume('a', 5)
    t.equal(counters.mergeRemote('a', 5, { ...remote, committed: 3, resetMs: 1000 }), 'merged')
    t.match(counters.read('a', 5), { used: 4, held: 1, resetMs: 1000 })
    held.release()
    t.equal(counters.mergeRemote('a', 5, { ...remote, committed: 1, cleared: 2 }), 'merged', 'what was cleared there is cleared here')
    t.match(counters.read('a', 5), { used: 1 })
    t.equal(counters.mergeRemote('new', 2, { ...remote, committed: 2, resetMs: 1000 }), 'merged')
    t.match(counters.consume('new', 2), { exceeded: true, resetMs: 1000 })
    t.end()
  })

  t.test('is not merged where it knows of fewer hits, because they were lost or it is older', t => {
    const counters = new MemoryCounters(minute, clock())
    counters.mergeRemote('a', 5, { ...remote, committed: 3, cleared: 1 })
    for (const fewer of [{ committed: 2, cleared: 1 }, { committed: 3, cleared: 0 }, { committed: 0, cleared: 3 }]) {
      t.equal(counters.mergeRemote('a', 5, { ...remote, ...fewer }), 'outdated')
      t.equal(counters.mergeRemote('a', 5, { ...remote, ...fewer, windowId: 'two' }), 'lost')
    }
    t.match(counters.read('a', 5), { used: 3 })
    counters.consume('a', 5)
    t.equal(counters.mergeRemote('a', 5, { ...remote, committed: 3, cleared: 1 }), 'lost', 'the remote counter did not see the hit of this node')
    t.equal(counters.mergeRemote('a', 9, { ...remote, committed: 4, cleared: 1 }), 'lost', 'as many may be others')
    t.equal(counters.mergeRemote('a', 9, { ...remote, committed: 5, cleared: 1 }), 'merged')
    t.equal(counters.mergeRemote('a', 9, { ...remote, committed: 4, cleared: 1 }), 'outdated')
    t.match(counters.read('a', 9), { used: 5 })
    t.end()
  })

  t.test('does not unlock what is locked here', t => {
    const counters = new MemoryCounters(minute, clock())
    counters.consume('a', 1)
    t.equal(counters.mergeRemote('a', 1, remote), 'lost')
    t.equal(counters.mergeRemote('a', 1, { ...remote, cleared: 1 }), 'lost')
    t.match(counters.consume('a', 1), { exceeded: true })
    t.end()
  })

  t.test('is merged where no counter fits', t => {
    const counters = new MemoryCounters(minute, { ...clock(), maxKeys: 1 })
    counters.consume('locked', 1)
    t.equal(counters.mergeRemote('a', 5, { ...remote, committed: 3 }), 'merged')
    t.match(counters.read('a', 5), { used: 0 })
    t.end()
  })

  t.end()
})

t.test('a limit that was lowered holds for what was counted before', t => {
  const counters = new MemoryCounters(minute, clock())
  counters.consume('a', 9)
  counters.consume('a', 9)
  t.match(counters.consume('a', 2), { exceeded: true })
  t.match(counters.consume('a', 3), { used: 3, exceeded: false })
  t.end()
})

t.test('counters in memory are always up, and need no closing', t => {
  t.ok(memory.up)
  memory.close()
  t.end()
})
