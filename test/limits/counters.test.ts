import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { guessCounters } from '../../src/callers/guard.js'
import { addressKeys } from '../../src/limits/address.js'
import { isSpent, retryAfter, type Counters } from '../../src/limits/counters.js'
import { ownCopy } from '../../src/limits/keys.js'
import { LATELY, MemoryLately } from '../../src/limits/lately.js'
import { memory, MemoryCounters } from '../../src/limits/memory.js'
import { countAddress, rateLimitStore } from '../../src/limits/rate-limit-store.js'
import { Ring, type Linked } from '../../src/limits/ring.js'
import { random } from '../helpers/random.js'

const minute = 60_000

/** A clock that stands until it is told to go on. */
function clock () {
  let time = 5000
  return { now: () => time, pass: (ms: number) => { time += ms } }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes that live after a collection. */
function heap (): number {
  collect()
  return process.memoryUsage().heapUsed
}

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

t.test('a limit is spent only when no outcome can make room', t => {
  const counters = new MemoryCounters(minute, clock())
  const one = counters.hold('a', 2)
  const two = counters.hold('a', 2)
  t.notOk(isSpent(counters.hold('a', 2)))
  one.keep()
  t.notOk(isSpent(counters.hold('a', 2)))
  two.keep()
  t.ok(isSpent(counters.hold('a', 2)))
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

t.test('when there is no more room', t => {
  t.test('the oldest counter below its limit goes first, after those that count nothing', t => {
    const counters = new MemoryCounters(minute, { ...clock(), size: 4 })
    counters.take('oldest', 2)
    counters.take('locked', 1)
    counters.take('young', 2)
    counters.hold('idle', 2).giveBack()
    counters.take('new 1', 2)
    t.match(counters.read('oldest', 2), { used: 1 })
    counters.take('new 2', 2)
    t.match(counters.read('oldest', 2), { used: 0 })
    t.match(counters.read('young', 2), { used: 1 })
    t.match(counters.read('locked', 1), { exceeded: true })
    t.end()
  })

  t.test('a hold whose counter was forgotten takes nothing from the one that came after', t => {
    const counters = new MemoryCounters(minute, { ...clock(), size: 2 })
    const held = counters.hold('a', 5)
    counters.take('b', 5)
    counters.take('c', 5)
    counters.take('a', 5)
    held.giveBack()
    t.match(counters.read('a', 5), { used: 1, held: 0 })
    t.end()
  })

  t.test('nor does one whose window ended make its key seem idle', t => {
    const time = clock()
    const counters = new MemoryCounters(minute, { ...time, size: 2 })
    const held = counters.hold('a', 5)
    time.pass(minute)
    counters.take('oldest', 5)
    counters.take('a', 5)
    held.giveBack()
    counters.take('new', 5)
    t.match(counters.read('oldest', 5), { used: 0 })
    t.match(counters.read('a', 5), { used: 1, held: 0 })
    t.end()
  })

  t.test('locked counters are never forgotten: new keys are refused until the first of them ends', t => {
    const time = clock()
    const counters = new MemoryCounters(minute, { ...time, size: 4 })
    counters.take('locked 1', 1)
    time.pass(1000)
    counters.take('locked 2', 1)
    counters.take('locked 3', 1)
    counters.take('open', 2)
    const refused = counters.hold('new', 2)
    t.match(refused, { exceeded: true, used: 2, held: 0, resetMs: minute - 1000 })
    t.ok(isSpent(refused))
    refused.giveBack()
    t.match(counters.take('newer', 2), { exceeded: true })
    t.match(counters.take('open', 2), { exceeded: false }, 'who has a counter goes on counting')
    time.pass(minute - 1000)
    t.match(counters.take('new', 2), { exceeded: false, used: 1 })
    t.match(counters.take('locked 2', 1), { exceeded: true })
    time.pass(minute)
    counters.take('newest', 2)
    t.match(counters.read('locked 2', 1), { used: 0 }, 'and later locks end as well')
    t.end()
  })

  t.test('all locks may end together', t => {
    const time = clock()
    const counters = new MemoryCounters(minute, { ...time, size: 2 })
    for (let round = 0; round < 3; round++) {
      t.match(counters.take(`a${round}`, 1), { exceeded: false })
      t.match(counters.take(`b${round}`, 1), { exceeded: false })
      t.match(counters.take(`c${round}`, 1), { exceeded: true })
      time.pass(minute)
    }
    t.end()
  })

  t.end()
})

t.test('a million names and addresses cost at most 64 MB, and what is locked stays so', t => {
  const { pairs, names } = guessCounters(memory)
  const addresses = memory.counters('address', minute)
  const before = heap()
  names.take('locked', 1)
  pairs.take('locked', 1)
  addresses.take('locked', 1)
  for (let i = 0; i < 1_000_000; i++) {
    names.take(`name ${i} ${i % 50 === 0 ? 'x'.repeat(1000) : ''}`, 100)
    // Once there is no more room, a million more is the same again.
    if (i < 100_000) {
      pairs.take(`2001:db8::${i.toString(16)} name ${i}`, 5)
      addresses.take(`2001:db8::${i.toString(16)}`, 120)
    }
  }
  const grown = heap() - before
  t.ok(grown < 64e6, `grew by ${grown} bytes`)
  for (const counters of [names, pairs, addresses]) t.match(counters.take('locked', 1), { exceeded: true })
  t.end()
})

t.test('long keys are told apart, and none of them is kept', t => {
  const counters = new MemoryCounters(minute, clock())
  const long = 'a'.repeat(100_000)
  const before = heap()
  for (let i = 0; i < 200; i++) counters.take(`${long}${i}`, 1)
  t.ok(heap() - before < 2e6)
  t.match(counters.read(`${long}199`, 1), { exceeded: true })
  t.match(counters.read(`${long}200`, 1), { exceeded: false })
  t.end()
})

t.test('a copy does not hold on to the text that it was cut from', t => {
  const before = heap()
  const copies = Array.from({ length: 50 }, (_, i) => ownCopy(`${i}${'p'.repeat(200_000)}`.slice(0, 20)))
  t.ok(heap() - before < 2e6)
  t.equal(copies[7], `7${'p'.repeat(19)}`)
  t.equal(ownCopy('\ud800 lone, é, 😀'), '\ud800 lone, é, 😀')
  t.end()
})

t.test('Retry-After is in whole seconds, from 1', t => {
  t.equal(retryAfter({ resetMs: 0 }), 1)
  t.equal(retryAfter({ resetMs: 1000 }), 1)
  t.equal(retryAfter({ resetMs: 1001 }), 2)
  t.end()
})

t.test('a ring', t => {
  interface Bead extends Linked<Bead> { name: string }
  const bead = (name: string): Bead => ({ name, ring: undefined, before: undefined, after: undefined })
  const names = (ring: Ring<Bead>) => [...ring].map(({ name }) => name).join('')

  t.test('keeps the order of arrival, whatever is taken out', t => {
    const [a, b, c] = [bead('a'), bead('b'), bead('c')]
    const ring = new Ring<Bead>()
    for (const each of [a, b, c]) ring.add(each)
    t.equal(names(ring), 'abc')
    ring.remove(b)
    t.equal(names(ring), 'ac')
    ring.add(a)
    t.equal(names(ring), 'ca')
    t.equal(ring.first, c)
    ring.remove(a)
    ring.remove(c)
    t.equal(ring.size, 0)
    t.equal(ring.first, undefined)
    t.end()
  })

  t.test('an entry is in one ring at a time', t => {
    const a = bead('a')
    const [one, two] = [new Ring<Bead>(), new Ring<Bead>()]
    one.add(a)
    two.add(a)
    t.equal(one.size, 0)
    t.equal(two.size, 1)
    t.equal(a.ring, two)
    t.end()
  })

  t.test('an entry may go while all are visited', t => {
    const ring = new Ring<Bead>()
    for (const name of 'abc') ring.add(bead(name))
    for (const each of ring) ring.remove(each)
    t.equal(ring.size, 0)
    t.end()
  })

  t.end()
})

t.test('the buckets of an address', t => {
  const v6 = [{ key: '2001:db8:1:2::', times: 1 }, { key: '2001:db8:1::/48', times: 8 }]
  const none = [{ key: 'no-address', times: 1 }]
  const cases: Array<[ip: string, keys: object[]]> = [
    ['192.0.2.7', [{ key: '192.0.2.7', times: 1 }]],
    ['::ffff:192.0.2.7', [{ key: '192.0.2.7', times: 1 }]],
    ['::FFFF:c000:207', [{ key: '192.0.2.7', times: 1 }]],
    ['2001:db8:1:2:3:4:5:6', v6],
    ['2001:DB8:1:2::', v6],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', v6],
    ['2001:db8:1:3::1', [{ key: '2001:db8:1:3::', times: 1 }, v6[1]!]],
    ['fe80::1%eth0', [{ key: 'fe80::', times: 1 }, { key: 'fe80::/48', times: 8 }]],
    ['', none],
    ['unknown', none],
    ['192.0.2.7:4711', none],
    ['192.0.2', none],
    ['192.0.2.7, 192.0.2.8', none],
    [`2001:db8::${'0'.repeat(9000)}1`, none]
  ]
  for (const [ip, keys] of cases) {
    t.strictSame(addressKeys(ip), keys, ip.slice(0, 50))
    t.strictSame(addressKeys(ip), keys, `${ip.slice(0, 50)} again`)
  }
  t.end()
})

/** Counters whose answers are promised, as those of another machine are. */
function promised (counters: MemoryCounters): Counters {
  return {
    window: counters.window,
    take: async (...hit) => counters.take(...hit),
    hold: async (...hit) => counters.hold(...hit),
    clear: key => counters.clear(key)
  }
}

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

    t.test('a /64 counts together, and a /48 at eight times the limit', async t => {
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

t.test('counters that fail reach the caller of @fastify/rate-limit as an error', async t => {
  const away = Object.assign(promised(new MemoryCounters(minute)), { take: async () => { throw new Error('away') } })
  const store = new (rateLimitStore(away))({})
  await t.rejects(new Promise((_resolve, reject) => store.incr('192.0.2.7', reject, minute, 2)), { message: 'away' })
})

t.test('where a name logged in lately', t => {
  t.test('is remembered for a week after the last time', t => {
    const time = clock()
    const lately = new MemoryLately(time.now)
    t.notOk(lately.has('susan', '192.0.2.7'))
    lately.note('susan', '192.0.2.7')
    time.pass(LATELY - 1)
    t.ok(lately.has('susan', '192.0.2.7'))
    lately.note('susan', '192.0.2.7')
    time.pass(LATELY - 1)
    t.ok(lately.has('susan', '192.0.2.7'))
    time.pass(1)
    t.notOk(lately.has('susan', '192.0.2.7'))
    t.end()
  })

  t.test('is of that name and that address', t => {
    const lately = memory.lately()
    lately.note('susan', '192.0.2.7')
    t.notOk(lately.has('juan', '192.0.2.7'))
    t.notOk(lately.has('susan', '192.0.2.8'))
    t.end()
  })

  t.test('a name with many addresses pushes out its own oldest ones only', t => {
    const lately = new MemoryLately()
    lately.note('susan', 'home')
    lately.note('mallory', 'first')
    lately.note('mallory', 'second')
    for (let i = 0; i < 14; i++) lately.note('mallory', `${i}`)
    lately.note('mallory', 'first')
    lately.note('mallory', 'one more')
    t.ok(lately.has('susan', 'home'))
    t.ok(lately.has('mallory', 'first'))
    t.notOk(lately.has('mallory', 'second'))
    t.ok(lately.has('mallory', 'one more'))
    t.end()
  })

  t.end()
})

t.test('a key is full if a hit of it would be refused, and else not, also where there is no room', t => {
  const { pick, list } = random(20261124)
  const time = clock()
  const counters = new MemoryCounters(minute, { size: 8, now: time.now })
  let full = 0
  for (let i = 0; i < 20_000; i++) {
    const key = `key ${pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])}`
    const max = pick([1, 2, 3])
    const isFull = counters.isFull(key, max)
    const hold = counters.hold(key, max)
    if (hold.exceeded !== isFull) t.fail(`hit ${i} of ${key}`)
    full += Number(isFull)
    for (const end of list(0, 1, () => pick(['keep', 'giveBack'] as const))) hold[end]()
    time.pass(pick([0, 0, 0, 1000, 20_000]))
  }
  t.ok(full > 1000 && full < 19_000, `${full} were full`)
  t.end()
})

t.test('counters in memory are always up, and need no closing', t => {
  t.ok(memory.up)
  memory.close()
  t.end()
})
