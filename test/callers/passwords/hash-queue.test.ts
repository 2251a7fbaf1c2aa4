import { availableParallelism } from 'node:os'
import { getEventListeners } from 'node:events'
import { isIP } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { HashQueue } from '../../../src/callers/passwords/hash-queue.js'
import type { HashQueueOptions } from '../../../src/callers/passwords/hash-queue.js'
import { settle } from '../../helpers/settle.js'

/** An IPv4 address of its own for a number or a letter; an address stands for itself. */
function addressOf (label: string) {
  if (isIP(label) !== 0) return label
  const number = /^\d+$/.test(label) ? Number(label) : 65_000 + label.charCodeAt(0)
  return `198.18.${number >> 8}.${number & 255}`
}

/** A queue whose hashes end when the test says so. */
function bench (options: HashQueueOptions) {
  const queue = new HashQueue(options)
  const started: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  return {
    queue,
    /** Labels of the hashes that have started, in order. */
    started,
    ask (label: string, ip = label, signal = new AbortController().signal) {
      return queue.run({ ip: addressOf(ip), signal }, () => new Promise<string>((resolve, reject) => {
        started.push(label)
        ends.set(label, error => error ? reject(error) : resolve(label))
      }))
    },
    /** Ends one hash, and lets what waits for it go on. */
    async end (label: string, error?: Error) {
      ends.get(label)?.(error)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

const counts = (t: Test, queue: HashQueue, running: number, waiting: number) => t.same([queue.running, queue.waiting], [running, waiting])

t.test('no more hashes run at once than it is told, and the others follow as these end', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 2 })
  const answers = ['a', 'b', 'c', 'd'].map(label => ask(label))
  counts(t, queue, 2, 2)
  t.same(started, ['a', 'b'])
  await end('b')
  counts(t, queue, 2, 1)
  t.same(started, ['a', 'b', 'c'])
  for (const label of ['a', 'c', 'd']) await end(label)
  counts(t, queue, 0, 0)
  t.same(await Promise.all(answers), ['a', 'b', 'c', 'd'])
})

t.test('by default as many run as there are cores', async t => {
  const { queue, ask } = bench({})
  for (let index = 0; index < 10; index++) ask(`${index}`)
  counts(t, queue, Math.min(availableParallelism(), 10), Math.max(0, 10 - availableParallelism()))
})

t.test('a hash that fails frees its place', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 1 })
  const failing = ask('a')
  ask('b')
  const rejected = t.rejects(failing, { message: 'no memory' })
  await end('a', new Error('no memory'))
  await rejected
  t.same(started, ['a', 'b'])
  counts(t, queue, 1, 0)
})

t.test('addresses take turns, however many each has waiting', async t => {
  const { ask, end, started } = bench({ maxRunning: 1 })
  for (const label of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) ask(label, label[0])
  const order = ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']
  for (const label of order) await end(label)
  t.same(started, order)
})

t.test('S98: a flood from one address delays another\'s login by the rest of one hash', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 2 })
  const flood = Array.from({ length: 2000 }, (_, index) => ask(`a${index}`, 'a'))
  const refused = (await Promise.allSettled(flood.slice(66))).filter(({ status }) => status === 'rejected')
  t.equal(refused.length, 2000 - 66, 'two run, as nobody else asks, and 64 wait')
  counts(t, queue, 2, 64)
  ask('good', 'b')
  t.same(started, ['a0', 'a1'])
  await end('a1')
  t.same(started, ['a0', 'a1', 'good'])
  await end('a0')
  t.same(started, ['a0', 'a1', 'good', 'a2'])
  ask('next', 'b')
  await end('good')
  t.same(started, ['a0', 'a1', 'good', 'a2', 'next'], 'while another asks, one place is kept from the flood')
  await end('next')
  t.same(started.at(-1), 'a3', 'and is the flood\'s once nobody does')
})

t.test('where only one hash may run, a flood delays another\'s login by one hash that runs and one that waits', async t => {
  const { ask, end, started } = bench({ maxRunning: 1 })
  for (let index = 0; index < 65; index++) ask(`a${index}`, 'a')
  ask('good', 'b')
  await end('a0')
  await end('a1')
  t.same(started, ['a0', 'a1', 'good'])
})

t.test('an address that holds all it may beside others is passed over, and keeps its turn', async t => {
  const { ask, end, started } = bench({ maxRunning: 3 })
  for (const label of ['b1', 'a1', 'a2', 'a3', 'a4', 'b2', 'c1']) ask(label, label[0])
  t.same(started, ['b1', 'a1', 'a2'])
  await end('b1')
  t.same(started, ['b1', 'a1', 'a2', 'b2'])
  await end('a1')
  t.same(started, ['b1', 'a1', 'a2', 'b2', 'a3'])
  await end('b2')
  await end('a2')
  t.same(started, ['b1', 'a1', 'a2', 'b2', 'a3', 'c1', 'a4'])
})

t.test('beyond what may wait, for one address and for all, the answer is overloaded at once', async t => {
  const { queue, ask, end } = bench({ maxRunning: 1, maxWaiting: 3, maxPerAddress: 2 })
  const overloaded = { code: 'overloaded', status: 503, options: { retryAfter: 2 } }
  for (const label of ['a1', 'a2', 'a3']) ask(label, 'a')
  await t.rejects(ask('a4', 'a'), overloaded, 'for one address')
  ask('b1', 'b')
  await t.rejects(ask('b2', 'b'), overloaded, 'for all')
  counts(t, queue, 1, 3)
  await end('a1')
  ask('b2', 'b')
  counts(t, queue, 1, 3)
})

t.test('by default 64 may wait for one address and 256 in all', async t => {
  const { queue, ask } = bench({ maxRunning: 1 })
  const asked = Array.from({ length: 600 }, (_, index) => ask(`${index}`, `${index % 6}`))
  const refused = (await Promise.allSettled(asked.slice(257))).filter(({ status }) => status === 'rejected')
  t.equal(refused.length, 600 - 257)
  counts(t, queue, 1, 256)
  const alone = bench({ maxRunning: 1 })
  for (let index = 0; index < 65; index++) alone.ask(`${index}`, 'a')
  await t.rejects(alone.ask('65', 'a'), { code: 'overloaded' })
  counts(t, alone.queue, 1, 64)
})

t.test('an IPv6 /64 counts as one address', async t => {
  const { ask } = bench({ maxRunning: 1, maxPerAddress: 1 })
  ask('1', '2001:db8::1')
  ask('2', '2001:db8::2')
  await t.rejects(ask('3', '2001:db8::3'), { code: 'overloaded' })
  ask('4', '2001:db8:0:1::3')
})

/** An address in the /64 of that number, of one /48. */
const inNetwork = (number: number) => `2001:db8:0:${number.toString(16)}::1`

t.test('from however many addresses of one /48 the queue is filled', t => {
  const settled = (attempts: Array<Promise<string>>) => {
    const refused: unknown[] = []
    for (const attempt of attempts) attempt.catch(error => refused.push(error.code))
    return refused
  }

  t.test('half of it waits at most, and each newcomer from elsewhere is heard within three times a hash', async t => {
    for (const maxRunning of [1, 2, 4]) {
      const { queue, ask, end, started } = bench({ maxRunning })
      const refused = settled(Array.from({ length: 600 }, (_, i) => ask(`flood${i}`, inNetwork(i % 100))))
      await settle()
      counts(t, queue, maxRunning, 128)
      t.same(refused, Array(600 - 128 - maxRunning).fill('overloaded'))
      const newcomers = Array.from({ length: 40 }, (_, i) => ask(`newcomer${i}`, `192.0.2.${i}`))
      t.same(settled(newcomers), [])
      counts(t, queue, maxRunning, 168)
      // Each place that comes free is worth one turn; the flood has one in as many turns as there are newcomers.
      for (let i = 0; i < 2; i++) await end(started[i]!)
      t.ok(started.includes('newcomer0'), `${maxRunning} at once`)
      t.ok(started.filter(label => label.startsWith('flood')).length <= maxRunning + 1)
      while (!started.includes('newcomer39')) await end(started.at(-1)!)
      t.ok(started.filter(label => label.startsWith('flood')).length <= maxRunning + 2, 'nor do they wait for more of it')
    }
  })

  t.test('its addresses take turns as well, and one that has only begun gets the place of the last in the longest line', async t => {
    const { queue, ask, end, started } = bench({ maxRunning: 1, maxPerNetwork: 6 })
    const refused = settled(['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2'].map(label => ask(label, inNetwork(label.charCodeAt(0)))))
    const late = settled([ask('c1', inNetwork(99)), ask('c2', inNetwork(99)), ask('a6', inNetwork(97))])
    await settle()
    t.same([refused, late], [['overloaded'], ['overloaded', 'overloaded']], 'a5 gave way to c1, and nothing to who waits already')
    counts(t, queue, 1, 6)
    for (const label of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']) await end(label)
    t.same(started, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
  })

  t.test('where each has one waiting, another of the /48 is refused', async t => {
    const { ask } = bench({ maxRunning: 1, maxPerNetwork: 4 })
    for (let i = 0; i < 5; i++) ask(`${i}`, inNetwork(i))
    await t.rejects(ask('5', inNetwork(5)), { code: 'overloaded' })
  })

  t.end()
})

t.test('when the queue is full, the last in the longest line gives way to a newcomer\'s first', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 1, maxWaiting: 6, maxPerAddress: 4, maxPerNetwork: 6 })
  const gaveWay: string[] = []
  const flood = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2']
  for (const label of flood) ask(label, label[0]).catch(({ code }) => { gaveWay.push(`${label} ${code}`) })
  counts(t, queue, 1, 6)
  ask('c1', 'c')
  await settle()
  t.same(gaveWay, ['a5 overloaded'])
  await t.rejects(ask('c2', 'c'), { code: 'overloaded' }, 'only its first')
  ask('d1', inNetwork(1))
  await settle()
  t.same(gaveWay, ['a5 overloaded', 'a4 overloaded'])
  await t.rejects(ask('d2', inNetwork(2)), { code: 'overloaded' }, 'another address of the same network is no newcomer to those who have no more')
  ask('e1', 'e')
  ask('f1', 'f')
  await settle()
  t.same(gaveWay, ['a5 overloaded', 'a4 overloaded', 'b2 overloaded', 'a3 overloaded'])
  await t.rejects(ask('g1', 'g'), { code: 'overloaded' }, 'nobody gives way who has no more')
  counts(t, queue, 1, 6)
  const order = ['a1', 'a2', 'b1', 'c1', 'd1', 'e1', 'f1']
  for (const label of order) await end(label)
  t.same(started, order)
  counts(t, queue, 0, 0)
})

t.test('of a network that gives way it is the longest line', async t => {
  const { ask, end, started } = bench({ maxRunning: 1, maxWaiting: 5, maxPerNetwork: 5 })
  const gaveWay: string[] = []
  for (const [label, number] of [['a1', 1], ['a2', 1], ['b1', 2], ['b2', 2], ['b3', 2], ['c1', 3]] as const) {
    ask(label, inNetwork(number)).catch(() => { gaveWay.push(label) })
  }
  ask('d1', inNetwork(4))
  ask('other')
  await settle()
  t.same(gaveWay, ['b3', 'b2'])
  for (let i = 0; i < 6; i++) await end(started.at(-1)!)
  t.same(started, ['a1', 'a2', 'other', 'b1', 'c1', 'd1'])
})

t.test('who has waited too long is overloaded', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 1, maxWaitMs: 20 })
  // In place of the sockets that keep a broker alive.
  const socket = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(socket))
  ask('a')
  await t.rejects(ask('b'), { code: 'overloaded', options: { retryAfter: 2 } })
  counts(t, queue, 1, 0)
  const { signal } = new AbortController()
  const served = ask('c', 'c', signal)
  await end('a')
  await end('c')
  t.equal(await served, 'c')
  t.equal(getEventListeners(signal, 'abort').length, 0)
  t.same(started, ['a', 'c'])
})

t.test('S102: who hangs up while waiting leaves at once and frees the place', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 1, maxWaiting: 2 })
  const controller = new AbortController()
  ask('a')
  const leaving = ask('b', 'b', controller.signal)
  ask('c')
  const rejected = t.rejects(leaving, { message: 'hung up' })
  controller.abort(new Error('hung up'))
  counts(t, queue, 1, 1)
  await rejected
  ask('d')
  for (const label of ['a', 'c', 'd']) await end(label)
  t.same(started, ['a', 'c', 'd'])
  counts(t, queue, 0, 0)
})

t.test('who hangs up out of the middle of a lane does not take the others\' turn', async t => {
  const { ask, end, started } = bench({ maxRunning: 1 })
  const controller = new AbortController()
  ask('a1', 'a')
  ask('a2', 'a')
  ask('a3', 'a', controller.signal).catch(() => {})
  ask('a4', 'a')
  ask('b1', 'b')
  controller.abort()
  for (const label of ['a1', 'a2', 'b1', 'a4']) await end(label)
  t.same(started, ['a1', 'a2', 'b1', 'a4'])
})

t.test('who hangs up while the hash runs holds the place until it ends: it cannot be stopped', async t => {
  const { queue, ask, end } = bench({ maxRunning: 1 })
  const controller = new AbortController()
  const answer = ask('a', 'a', controller.signal)
  ask('b')
  controller.abort()
  counts(t, queue, 1, 1)
  await end('a')
  t.equal(await answer, 'a')
  counts(t, queue, 1, 0)
})

t.test('who has hung up already is not let in', async t => {
  const { queue, ask } = bench({ maxRunning: 1 })
  await t.rejects(ask('a', 'a', AbortSignal.abort(new Error('gone'))), { message: 'gone' })
  counts(t, queue, 0, 0)
})

t.test('a signal that outlives the wait is not held on to', async t => {
  const { ask, end } = bench({ maxRunning: 1 })
  const { signal } = new AbortController()
  ask('a')
  ask('b', 'b', signal)
  t.equal(getEventListeners(signal, 'abort').length, 1)
  await end('a')
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('a thousand random arrivals, ends and hang-ups leave no place taken', async t => {
  const { queue, ask, end, started } = bench({ maxRunning: 3, maxWaiting: 20, maxPerAddress: 5 })
  let seed = 1
  const random = (below: number) => (seed = seed * 48271 % 2147483647) % below
  const done: string[] = []
  for (let round = 0; round < 1000; round++) {
    const controller = new AbortController()
    ask(`${round}`, `${random(8)}`, controller.signal).then(label => done.push(label), () => {})
    if (random(4) === 0) controller.abort()
    const running = started.filter(label => !done.includes(label))
    if (random(4) > 0) await end(running[random(running.length)] ?? '')
    if (queue.running > 3 || queue.waiting > 20) t.fail('more than it may')
  }
  for (const label of started) await end(label)
  counts(t, queue, 0, 0)
  t.same(new Set(done), new Set(started), 'all that started were answered')
  t.ok(started.length > 300)
})
