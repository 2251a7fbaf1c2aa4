import t from 'tap'
import { isExhausted, retryAfter } from '../../src/limits/counters.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { clock } from '../helpers/clock.js'

const minute = 60_000

t.test('a limit is exhausted only when no release can free a place', t => {
  const counters = new MemoryCounters(minute, clock())
  const one = counters.reserve('a', 2)
  const two = counters.reserve('a', 2)
  t.notOk(isExhausted(counters.reserve('a', 2)))
  one.commit()
  t.notOk(isExhausted(counters.reserve('a', 2)))
  two.commit()
  t.ok(isExhausted(counters.reserve('a', 2)))
  t.end()
})

t.test('Retry-After is in whole seconds, from 1', t => {
  t.equal(retryAfter({ resetMs: 0 }), 1)
  t.equal(retryAfter({ resetMs: 1000 }), 1)
  t.equal(retryAfter({ resetMs: 1001 }), 2)
  t.end()
})
