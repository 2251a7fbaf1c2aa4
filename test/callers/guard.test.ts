import t, { type Test } from 'tap'
import { GUESSING_WINDOW, Guard, guessCounters, type GuardOptions, type Place } from '../../src/callers/guard.js'
import { canonicalName } from '../../src/callers/names.js'
import { memory, MemoryCounters } from '../../src/limits/memory.js'
import type { Counters } from '../../src/limits/counters.js'
import { MemoryLately } from '../../src/limits/lately.js'
import { Problem } from '../../src/problems.js'
import { until } from '../helpers/until.js'

const home = '192.0.2.1'
const elsewhere = '198.51.100.1'
const susanAtHome = `${home} ${canonicalName('susan')}`
const staying = () => new AbortController().signal

function clock () {
  let time = 0
  return { now: () => time, pass: (ms: number) => { time += ms } }
}

function guarded (options: Partial<GuardOptions> = {}) {
  const time = clock()
  const guard = new Guard({
    pairs: new MemoryCounters(GUESSING_WINDOW, time),
    names: new MemoryCounters(GUESSING_WINDOW, time),
    lately: new MemoryLately(time.now),
    failuresMax: 5,
    ...options
  })
  const reserve = async (name = 'susan', ip = home, signal = staying()) => await guard.reserve(name, { ip, signal })
  return {
    time,
    guard,
    reserve,
    async fail (times: number, name?: string, ip?: string) {
      for (let i = 0; i < times; i++) (await reserve(name, ip)).failed()
    },
    async succeed (name?: string, ip?: string) {
      (await reserve(name, ip)).succeeded()
    }
  }
}

/** Counters that promise their answers, as those of another machine do, and fail the hold whose number is given. */
function promised (counters: MemoryCounters, failing?: number): Counters {
  let holds = 0
  return {
    window: counters.window,
    take: async (...hit) => counters.take(...hit),
    hold: async (...hit) => {
      if (++holds === failing) throw new Problem('limiter-unavailable')
      return counters.hold(...hit)
    },
    clear: key => counters.clear(key)
  }
}

/** Lets everything happen that needs no time. */
const settle = () => new Promise(resolve => setImmediate(resolve))

/** The places that are given, in order, and the codes of the refusals. */
function collect (attempts: Array<Promise<Place>>) {
  const places: Place[] = []
  const refused: unknown[] = []
  for (const attempt of attempts) attempt.then(place => places.push(place), error => refused.push(error instanceof Problem ? error.code : error))
  return { places, refused }
}

const limited = { code: 'login-limited', status: 429 }

t.test('so many wrong passwords, and no more, for a name at an address', async t => {
  const { reserve, fail, time } = guarded()
  await fail(5)
  await t.rejects(reserve(), { ...limited, options: { retryAfter: 900 } })
  await t.resolves(reserve('juan'), 'another name')
  await t.resolves(reserve('susan', elsewhere), 'another address')
  time.pass(GUESSING_WINDOW - 1500)
  await t.rejects(reserve(), { ...limited, options: { retryAfter: 2 } })
  time.pass(1500)
  await t.resolves(reserve(), 'the next window')
})

t.test('spellings of one name share a bucket', async t => {
  for (const spelling of ['Alice', 'ALICE', ' alice\t', 'ａlice'.normalize('NFKC')]) {
    const { reserve, fail } = guarded()
    await fail(5, 'alice')
    await t.rejects(reserve(spelling), limited, JSON.stringify(spelling))
  }
  const { reserve, fail } = guarded()
  await fail(5, 'jos\u00e9')
  await t.rejects(reserve('jose\u0301'), limited, 'normal forms')
})

t.test('one /64 is one address', async t => {
  const { reserve, fail } = guarded()
  for (let i = 0; i < 5; i++) await fail(1, 'susan', `2001:db8::${i}`)
  await t.rejects(reserve('susan', '2001:db8::beef'), limited)
  await t.resolves(reserve('susan', '2001:db8:0:1::1'))
})

t.test('a name and an address never read as another pair', async t => {
  const { reserve, fail } = guarded()
  await fail(5, 'a', 'no address')
  await t.resolves(reserve('no-address a', home))
  await t.rejects(reserve('a', 'nor this'), limited)
})

t.test('a right password starts that name at that address anew, and nothing else', async t => {
  const { reserve, fail, succeed } = guarded()
  await fail(4)
  await fail(4, 'susan', elsewhere)
  await fail(4, 'juan')
  await succeed()
  await fail(5)
  await t.rejects(reserve(), limited)
  await fail(1, 'susan', elsewhere)
  await t.rejects(reserve('susan', elsewhere), limited)
  await fail(1, 'juan')
  await t.rejects(reserve('juan'), limited)
})

t.test('what is cancelled is no wrong password', async t => {
  const { reserve, fail } = guarded()
  for (let i = 0; i < 20; i++) (await reserve()).cancelled()
  await fail(5)
  await t.rejects(reserve(), limited)
})

t.test('of 100 guesses at once, the limit is tried and the others are refused once these have failed', async t => {
  const { reserve } = guarded()
  const { places, refused } = collect(Array.from({ length: 100 }, () => reserve()))
  await settle()
  t.equal(places.length, 5)
  t.equal(refused.length, 0, 'attempts in flight are no failures yet')
  for (const place of places.slice(0, 4)) place.failed()
  await settle()
  t.equal(places.length, 5)
  t.equal(refused.length, 0)
  places[4]?.failed()
  await settle()
  t.equal(places.length, 5)
  t.strictSame(refused, Array(95).fill('login-limited'))
})

t.test('right passwords at once are all let in, at most so many at a time', async t => {
  const { reserve } = guarded()
  const { places, refused } = collect(Array.from({ length: 100 }, () => reserve()))
  for (let done = 0; done < 100; done++) {
    await settle()
    t.equal(places.length, Math.min(done + 5, 100))
    places[done]?.succeeded()
  }
  t.strictSame(refused, [])
})

t.test('a place that is given back goes to the one who waited longest', async t => {
  const { reserve } = guarded({ failuresMax: 1 })
  const first = await reserve()
  const order: string[] = []
  const second = reserve().then(place => { order.push('second'); return place })
  const third = reserve().then(place => { order.push('third'); return place })
  await settle()
  first.cancelled();
  (await second).cancelled()
  await third
  t.strictSame(order, ['second', 'third'])
})

t.test('a place that comes free while one goes to its line is not missed', async t => {
  const { reserve } = guarded({ failuresMax: 1 })
  const first = await reserve()
  const { places } = collect([reserve()])
  first.cancelled()
  await settle()
  t.equal(places.length, 1)
})

t.test('one success makes room for all that were refused place by failures', async t => {
  const { reserve, fail } = guarded()
  await fail(4)
  const last = await reserve()
  const { places } = collect(Array.from({ length: 5 }, () => reserve()))
  await settle()
  t.equal(places.length, 0)
  last.succeeded()
  await settle()
  t.equal(places.length, 5)
})

t.test('failures of guesses that began before a success still count', async t => {
  const { reserve, succeed } = guarded()
  const guesses = await Promise.all([reserve(), reserve(), reserve()])
  await succeed()
  for (const guess of guesses) guess.failed()
  const { places } = collect([reserve(), reserve(), reserve()])
  await settle()
  t.equal(places.length, 2)
  places[0]?.cancelled()
  await settle()
  t.equal(places.length, 3)
})

t.test('over all addresses a name stops at twenty times the limit', async t => {
  const { reserve, time } = guarded()
  let tried = 0
  for (let address = 0; address < 200; address++) {
    for (let guess = 0; guess < 5; guess++) {
      await reserve('susan', `198.51.100.${address}`).then(place => { place.failed(); tried++ }, () => {})
    }
  }
  t.equal(tried, 100)
  await t.rejects(reserve('susan', home), { ...limited, options: { retryAfter: 900 } })
  await t.resolves(reserve('juan', home))
  time.pass(GUESSING_WINDOW)
  await t.resolves(reserve('susan', home))
})

t.test('on a stopped name', async t => {
  const stopped = async () => {
    const guard = guarded({ failuresMax: 1 })
    await guard.succeed('susan', home)
    for (let i = 0; i < 20; i++) await guard.fail(1, 'susan', `198.51.100.${i}`)
    return guard
  }

  t.test('a new address does not get in', async t => {
    const { reserve } = await stopped()
    await t.rejects(reserve('susan', '203.0.113.9'), limited)
  })

  t.test('an address that logged in lately still gets in', async t => {
    const { reserve, succeed } = await stopped()
    await succeed('Susan', home)
    await t.resolves(reserve('susan', `::ffff:${home}`))
  })

  t.test('only for the name it logged in with', async t => {
    const { reserve, fail, succeed } = await stopped()
    await succeed('juan', '203.0.113.8')
    await t.rejects(reserve('susan', '203.0.113.8'), limited)
    for (let i = 0; i < 20; i++) await fail(1, 'juan', `198.51.100.${i}`)
    await t.rejects(reserve('juan', home), limited)
  })

  t.test('and at that address the limit stands', async t => {
    const { reserve, fail } = await stopped()
    await fail(1, 'susan', home)
    await t.rejects(reserve('susan', home), limited)
  })

  t.end()
})

t.test('while all places of a name are taken by attempts in flight', async t => {
  const full = async () => {
    const guard = guarded({ failuresMax: 1 })
    await guard.succeed('susan', home)
    const places = await Promise.all(Array.from({ length: 20 }, (_, i) => guard.reserve('susan', `198.51.100.${i}`)))
    return { ...guard, places }
  }

  t.test('a new address waits for one of them', async t => {
    const { reserve, places } = await full()
    const next = collect([reserve('susan', '203.0.113.9'), reserve('susan', '203.0.113.10')])
    await settle()
    t.equal(next.places.length, 0)
    places[0]?.cancelled()
    await settle()
    t.equal(next.places.length, 1)
    for (const place of places.slice(1)) place.failed()
    await settle()
    t.strictSame(next.refused, [])
    next.places[0]?.failed()
    await settle()
    t.strictSame(next.refused, ['login-limited'])
  })

  t.test('an address that logged in lately does not', async t => {
    const { reserve } = await full()
    await t.resolves(reserve('susan', home))
  })

  t.test('who waits for the name has no place of the pair meanwhile', async t => {
    const { reserve, places } = await full()
    const waits = new AbortController()
    const next = reserve('susan', '203.0.113.9', waits.signal)
    waits.abort(new Error('gone'))
    await t.rejects(next, { message: 'gone' })
    places[0]?.cancelled()
    await t.resolves(reserve('susan', '203.0.113.9'))
  })

  t.end()
})

t.test('who hangs up leaves the line, and the next takes the turn', async t => {
  const { reserve } = guarded({ failuresMax: 1 })
  const first = await reserve()
  const caller = new AbortController()
  const second = reserve('susan', home, caller.signal)
  const third = reserve()
  await settle()
  caller.abort(new Error('gone'))
  await t.rejects(second, { message: 'gone' })
  first.cancelled()
  await t.resolves(third)
  await t.rejects(reserve('susan', home, AbortSignal.abort(new Error('gone before'))), { message: 'gone before' })
})

t.test('the number who wait is bounded, and so is the time', async t => {
  t.test('one too many is told to come back', async t => {
    const { reserve } = guarded({ failuresMax: 1 })
    const first = await reserve()
    const { refused } = collect(Array.from({ length: 1025 }, () => reserve()))
    await settle()
    t.strictSame(refused, ['overloaded'])
    first.failed()
    await settle()
    t.equal(refused.length, 1025)
    t.equal(refused[1024], 'login-limited')
  })

  t.test('whoever has waited long enough, too', async t => {
    const { reserve } = guarded({ failuresMax: 1, patience: 0 })
    await reserve()
    await t.rejects(reserve(), { code: 'overloaded', options: { retryAfter: 1 } })
  })

  t.end()
})

t.test('places that another node frees are found without being woken', async t => {
  const pairs = new MemoryCounters(GUESSING_WINDOW)
  const { reserve } = guarded({ failuresMax: 1, pairs })
  const heldByAnotherNode = pairs.hold(susanAtHome, 1)
  const waiting = reserve()
  await settle()
  heldByAnotherNode.giveBack()
  await t.resolves(waiting)
})

t.test('who waited for a place at an address may then have to wait for one of the name', async t => {
  const pairs = new MemoryCounters(GUESSING_WINDOW)
  const names = new MemoryCounters(GUESSING_WINDOW)
  let asked = 0
  const counted: Counters = { ...promised(names), hold: (...hit) => { asked++; return names.hold(...hit) } }
  const { reserve } = guarded({ failuresMax: 1, pairs, names: counted })
  const heldByAnotherNode = pairs.hold(susanAtHome, 1)
  const [first] = await Promise.all(Array.from({ length: 20 }, (_, i) => reserve('susan', `198.51.100.${i}`)))
  const { places } = collect([reserve()])
  await settle()
  asked = 0
  heldByAnotherNode.giveBack()
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

t.test('a password that is known at once to be right', t => {
  const known = (t: Test, guard: Guard, ip = home) => {
    let compared = 0
    const found = guard.pass('susan', ip, () => {
      compared++
      return 'susan'
    })
    t.equal(compared, found === undefined ? 0 : 1, 'is compared only where it may be')
    return found
  }

  t.test('passes, which starts that name at that address anew, and the address is known', async t => {
    const { guard, fail, reserve } = guarded()
    await fail(4)
    t.equal(known(t, guard), 'susan')
    await fail(4)
    t.equal(known(t, guard), 'susan')
    for (let i = 0; i < 18; i++) await fail(5, 'susan', `203.0.113.${i}`)
    await fail(2, 'susan', '203.0.113.18')
    await t.rejects(reserve('susan', elsewhere), limited, 'the name is stopped for others')
    t.ok(await reserve())
  })

  t.test('does not pass a pair or a name that has had its wrong passwords', async t => {
    const { guard, fail } = guarded()
    await fail(5)
    t.equal(known(t, guard), undefined)
    t.equal(known(t, guard, elsewhere), 'susan')
    for (let i = 0; i < 19; i++) await fail(5, 'susan', `203.0.113.${i}`)
    t.equal(known(t, guard, '198.51.100.2'), undefined)
  })

  t.test('is not known to be so after all, and takes no place', async t => {
    const { guard, reserve } = guarded({ failuresMax: 1 })
    t.equal(guard.pass('susan', home, () => undefined), undefined)
    t.ok(await reserve())
  })

  t.test('has to wait where places are taken, or where counters promise their answers', async t => {
    const { guard, reserve } = guarded({ failuresMax: 1 })
    const place = await reserve()
    t.equal(known(t, guard), undefined)
    place.cancelled()
    t.equal(known(t, guard), 'susan')
    const far = guarded({ pairs: promised(new MemoryCounters(GUESSING_WINDOW)) })
    t.equal(known(t, far.guard), undefined)
    const name = guarded({ names: promised(new MemoryCounters(GUESSING_WINDOW)) })
    t.equal(known(t, name.guard), undefined)
  })
  t.end()
})

t.test('a reload may change the limit', async t => {
  const { guard, reserve, fail } = guarded()
  await fail(3)
  guard.failuresMax = 3
  await t.rejects(reserve(), limited)
  guard.failuresMax = 4
  await t.resolves(reserve())
})

t.test('its counters may live where all others do', async t => {
  const guard = new Guard({ ...guessCounters(memory), failuresMax: 1 })
  const place = await guard.reserve('susan', { ip: home, signal: staying() })
  place.failed()
  await t.rejects(async () => await guard.reserve('susan', { ip: home, signal: staying() }), limited)
})
