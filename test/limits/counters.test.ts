import t from 'tap'
import { isExhausted, retryAfter } from '../../src/limits/counters.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { limited } from '../../src/problems.js'
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

t.test('a limit says how long to wait, in words', t => {
  const rows: Array<{ seconds: number, says: string }> = [
    { seconds: 1, says: '1 second' },
    { seconds: 60, says: '60 seconds' },
    { seconds: 61, says: '2 minutes' },
    { seconds: 900, says: '15 minutes' }
  ]
  for (const { seconds, says } of rows) {
    t.has(limited('rate-limited', seconds), { message: `Too many requests from this address. Try again in ${says}.`, status: 429, options: { retryAfter: seconds } })
  }
  t.end()
})
