import t from 'tap'
import { collect, guarded } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

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
  t.test('one too many of an address is told to come back', async t => {
    const { reserve } = guarded({ failuresMax: 1 })
    const first = await reserve()
    const { refused } = collect(Array.from({ length: 513 }, () => reserve()))
    await settle()
    t.strictSame(refused, ['overloaded'])
    first.failed()
    await settle()
    t.strictSame(refused, ['overloaded', ...Array(512).fill('login-limited')])
  })

  t.test('when all wait that may, the last of the longest line gives way to a newcomer', async t => {
    const { reserve } = guarded({ failuresMax: 1 })
    const ips = [home, '2001:db8::1', '2001:db8:0:1::1']
    const firsts = await Promise.all(ips.map(ip => reserve('susan', ip)))
    const floods = ips.map(ip => collect(Array.from({ length: ip === home ? 512 : 256 }, () => reserve('susan', ip))))
    const [atHome, one, other] = floods
    await settle()
    t.strictSame(floods.flatMap(({ refused }) => refused), [])
    const last = await reserve('susan', elsewhere)
    const newcomer = collect([reserve('susan', elsewhere)])
    await settle()
    t.strictSame([atHome!.refused, one!.refused, other!.refused], [[], [], ['overloaded']], 'the /48 is longest, and of it the /64 that came last')
    last.cancelled()
    for (const first of firsts) first.failed()
    await settle()
    t.equal(newcomer.places.length, 1)
    t.strictSame(other!.refused, ['overloaded', ...Array(255).fill('login-limited')])
  })

  t.test('whoever has waited long enough, too', async t => {
    const { reserve } = guarded({ failuresMax: 1, patience: 0 })
    await reserve()
    await t.rejects(reserve(), { code: 'overloaded', options: { retryAfter: 1 } })
  })

  t.end()
})
