import t from 'tap'
import { isExhausted } from '../../../src/limits/counters.js'
import { MemoryCounters } from '../../../src/limits/memory/counters.js'
import { clock } from '../../helpers/clock.js'
import { random } from '../../helpers/random.js'

const minute = 60_000

t.test('in a full table', t => {
  t.test('idle counters are dropped first, then the oldest below its limit', t => {
    const counters = new MemoryCounters(minute, { ...clock(), maxKeys: 4 })
    counters.consume('oldest', 2)
    counters.consume('locked', 1)
    counters.consume('young', 2)
    counters.reserve('idle', 2).release()
    counters.consume('new 1', 2)
    t.match(counters.read('oldest', 2), { used: 1 })
    counters.consume('new 2', 2)
    t.match(counters.read('oldest', 2), { used: 0 })
    t.match(counters.read('young', 2), { used: 1 })
    t.match(counters.read('locked', 1), { exceeded: true })
    t.end()
  })

  t.test('a reservation whose counter was dropped changes nothing in the next counter of its key', t => {
    const counters = new MemoryCounters(minute, { ...clock(), maxKeys: 2 })
    const held = counters.reserve('a', 5)
    counters.consume('b', 5)
    counters.consume('c', 5)
    counters.consume('a', 5)
    held.release()
    t.match(counters.read('a', 5), { used: 1, held: 0 })
    t.end()
  })

  t.test('a reservation whose window ended does not make its key idle', t => {
    const time = clock()
    const counters = new MemoryCounters(minute, { ...time, maxKeys: 2 })
    const held = counters.reserve('a', 5)
    time.pass(minute)
    counters.consume('oldest', 5)
    counters.consume('a', 5)
    held.release()
    counters.consume('new', 5)
    t.match(counters.read('oldest', 5), { used: 0 })
    t.match(counters.read('a', 5), { used: 1, held: 0 })
    t.end()
  })

  t.test('locked counters are never dropped: new keys are refused until the first of them ends', t => {
    const time = clock()
    const counters = new MemoryCounters(minute, { ...time, maxKeys: 4 })
    counters.consume('locked 1', 1)
    time.pass(1000)
    counters.consume('locked 2', 1)
    counters.consume('locked 3', 1)
    counters.consume('open', 2)
    const refused = counters.reserve('new', 2)
    t.match(refused, { exceeded: true, used: 2, held: 0, resetMs: minute - 1000 })
    t.ok(isExhausted(refused))
    refused.release()
    t.match(counters.consume('newer', 2), { exceeded: true })
    t.match(counters.consume('open', 2), { exceeded: false }, 'a key with a counter goes on counting')
    time.pass(minute - 1000)
    t.match(counters.consume('new', 2), { exceeded: false, used: 1 })
    t.match(counters.consume('locked 2', 1), { exceeded: true })
    time.pass(minute)
    counters.consume('newest', 2)
    t.match(counters.read('locked 2', 1), { used: 0 }, 'and later locks end as well')
    t.end()
  })

  t.test('all locks may end together', t => {
    const time = clock()
    const counters = new MemoryCounters(minute, { ...time, maxKeys: 2 })
    for (let round = 0; round < 3; round++) {
      t.match(counters.consume(`a${round}`, 1), { exceeded: false })
      t.match(counters.consume(`b${round}`, 1), { exceeded: false })
      t.match(counters.consume(`c${round}`, 1), { exceeded: true })
      time.pass(minute)
    }
    t.end()
  })

  t.end()
})

t.test('isFull is true exactly where a hit would be refused, also in a full table', t => {
  const { pick, list } = random(20261124)
  const time = clock()
  const counters = new MemoryCounters(minute, { maxKeys: 8, now: time.now })
  let full = 0
  for (let i = 0; i < 20_000; i++) {
    const key = `key ${pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])}`
    const max = pick([1, 2, 3])
    const isFull = counters.isFull(key, max)
    if (counters.read(key, max).exceeded !== isFull) t.fail(`read ${i} of ${key}`)
    const hold = counters.reserve(key, max)
    if (hold.exceeded !== isFull) t.fail(`hit ${i} of ${key}`)
    full += Number(isFull)
    for (const end of list(0, 1, () => pick(['commit', 'release'] as const))) hold[end]()
    time.pass(pick([0, 0, 0, 1000, 20_000]))
  }
  t.ok(full > 1000 && full < 19_000, `${full} were full`)
  t.end()
})
