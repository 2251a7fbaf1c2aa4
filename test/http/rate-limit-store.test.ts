import t from 'tap'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { countAddress, rateLimitStore } from '../../src/http/rate-limit-store.js'
import { clock } from '../helpers/clock.js'
import { promised } from '../helpers/promised.js'

const minute = 60_000

for (const [where, counting] of [
  ['in memory', (counters: MemoryCounters) => counters],
  ['promised', promised]
] as const) {
  t.test(`the hits of an address, ${where}`, t => {
    t.test('an IPv4 address counts in one bucket', async t => {
      const counters = counting(new MemoryCounters(minute, clock()))
      t.match(await countAddress(counters, '192.0.2.7', 1), { used: 1, max: 1, exceeded: false })
      t.match(await countAddress(counters, '::ffff:192.0.2.7', 1), { exceeded: true })
      t.match(await countAddress(counters, '192.0.2.8', 1), { exceeded: false })
    })

    t.test('S88: a /64 counts together, and a /48 at eight times the limit', async t => {
      const counters = counting(new MemoryCounters(minute, clock()))
      t.match(await countAddress(counters, '2001:db8:1:0::1', 2), { used: 1, max: 2 })
      t.match(await countAddress(counters, '2001:db8:1:0::2', 2), { used: 2, max: 2 })
      for (let i = 0; i < 20; i++) t.match(await countAddress(counters, '2001:db8:1:0::3', 2), { exceeded: true, max: 2 })
      for (let net = 1; net < 8; net++) {
        await countAddress(counters, `2001:db8:1:${net}::1`, 2)
        t.match(await countAddress(counters, `2001:db8:1:${net}::1`, 2), { used: 2, exceeded: false }, 'a neighbour that hammers does not spend what is shared')
      }
      t.match(await countAddress(counters, '2001:db8:1:8::1', 2), { used: 2, max: 2, exceeded: true })
      t.match(await countAddress(counters, '2001:db8:2::1', 2), { used: 1, exceeded: false })
    })

    t.test('the bucket with least left is told', async t => {
      const counters = counting(new MemoryCounters(minute, clock()))
      for (let net = 0; net < 15; net++) await countAddress(counters, `2001:db8:1:${net}::1`, 2)
      t.match(await countAddress(counters, '2001:db8:1:f::1', 2), { used: 2, max: 2, exceeded: false })
    })

    t.test('as a store of @fastify/rate-limit', async t => {
      const Store = rateLimitStore(counting(new MemoryCounters(minute, clock())))
      const store = new Store({})
      const hit = (from: typeof store) => new Promise<unknown>((resolve, reject) => {
        from.incr('192.0.2.7', (error, result) => error === null ? resolve(result) : reject(error), minute, 2)
      })
      t.strictSame(await hit(store), { current: 1, ttl: minute })
      const child = store.child({ method: 'GET', url: '/', path: '/', prefix: '', handler () {} })
      t.strictSame(await hit(child), { current: 2, ttl: minute }, 'a child counts in the same buckets')
      t.strictSame(await hit(store), { current: 3, ttl: minute }, 'one above the limit is a refusal')
      t.strictSame(await hit(store), { current: 3, ttl: minute })
    })

    t.end()
  })
}

t.test('@fastify/rate-limit reads the bucket of an address that has least left, and counts nothing', t => {
  const counters = new MemoryCounters(minute, clock())
  const Store = rateLimitStore(counters)
  // The plugin's types do not know it yet.
  const store = new Store({}) as unknown as { read (ip: string, callback: (error: null, count: { current: number }) => void, window: number, max: number): void }
  const read = (ip: string) => {
    let current: number | undefined
    store.read(ip, (_error, count) => { current = count.current }, minute, 2)
    return current
  }
  for (let net = 0; net < 9; net++) for (let i = 0; i < 2; i++) countAddress(counters, `2001:db8:1:${net}::1`, 2)
  t.equal(read('2001:db8:1:1::1'), 2)
  t.equal(read('2001:db8:1:ffff::1'), 2, 'a neighbour of a full /48')
  t.equal(read('2001:db8:2::1'), 0)
  t.equal(read('192.0.2.7'), 0)
  t.end()
})

t.test('counters that fail reach the caller of @fastify/rate-limit as an error', async t => {
  const away = Object.assign(promised(new MemoryCounters(minute)), { consume: async () => { throw new Error('away') } })
  const store = new (rateLimitStore(away))({})
  await t.rejects(new Promise((_resolve, reject) => store.incr('192.0.2.7', reject, minute, 2)), { message: 'away' })
})
