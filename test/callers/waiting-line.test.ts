import t from 'tap'
import { collect, guarded } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

t.test('of 100 parallel guesses, as many as the limit are tried, and the others are refused once these have failed', async t => {
  const { reserve } = guarded()
  const { attempts, refused } = collect(Array.from({ length: 100 }, () => reserve()))
  await settle()
  t.equal(attempts.length, 5)
  t.equal(refused.length, 0, 'attempts under way are no failures yet')
  for (const attempt of attempts.slice(0, 4)) attempt.failed()
  await settle()
  t.equal(attempts.length, 5)
  t.equal(refused.length, 0)
  attempts[4]?.failed()
  await settle()
  t.equal(attempts.length, 5)
  t.strictSame(refused, Array(95).fill('login-limited'))
})

t.test('parallel logins with the right password are all admitted, at most as many at a time as the limit', async t => {
  const { reserve } = guarded()
  const { attempts, refused } = collect(Array.from({ length: 100 }, () => reserve()))
  for (let done = 0; done < 100; done++) {
    await settle()
    t.equal(attempts.length, Math.min(done + 5, 100))
    attempts[done]?.succeeded()
  }
  t.strictSame(refused, [])
})

t.test('a released attempt goes to the login that waited longest', async t => {
  const { reserve } = guarded({ failuresMax: 1 })
  const first = await reserve()
  const order: string[] = []
  const second = reserve().then(attempt => { order.push('second'); return attempt })
  const third = reserve().then(attempt => { order.push('third'); return attempt })
  await settle()
  first.cancelled();
  (await second).cancelled()
  await third
  t.strictSame(order, ['second', 'third'])
})

t.test('an attempt that is released while a login joins the line is not missed', async t => {
  const { reserve } = guarded({ failuresMax: 1 })
  const first = await reserve()
  const { attempts } = collect([reserve()])
  first.cancelled()
  await settle()
  t.equal(attempts.length, 1)
})

t.test('one success admits all that waited because of earlier failures', async t => {
  const { reserve, fail } = guarded()
  await fail(4)
  const last = await reserve()
  const { attempts } = collect(Array.from({ length: 5 }, () => reserve()))
  await settle()
  t.equal(attempts.length, 0)
  last.succeeded()
  await settle()
  t.equal(attempts.length, 5)
})

t.test('failures of guesses that began before a success still count', async t => {
  const { reserve, succeed } = guarded()
  const guesses = await Promise.all([reserve(), reserve(), reserve()])
  await succeed()
  for (const guess of guesses) guess.failed()
  const { attempts } = collect([reserve(), reserve(), reserve()])
  await settle()
  t.equal(attempts.length, 2)
  attempts[0]?.cancelled()
  await settle()
  t.equal(attempts.length, 3)
})

t.test('a login that hangs up leaves the line, and the next one has its turn', async t => {
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

t.test('the number of waiting logins is bounded, and so is their time', async t => {
  t.test('one too many from an address is overloaded', async t => {
    const { reserve } = guarded({ failuresMax: 1 })
    const first = await reserve()
    const { refused } = collect(Array.from({ length: 513 }, () => reserve()))
    await settle()
    t.strictSame(refused, ['overloaded'])
    first.failed()
    await settle()
    t.strictSame(refused, ['overloaded', ...Array(512).fill('login-limited')])
  })

  t.test('in a full line, the last of the longest line gives way to a new login', async t => {
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
    t.strictSame([atHome!.refused, one!.refused, other!.refused], [[], [], ['overloaded']], 'the /48 has the longest line, and in it the /64 that came last')
    last.cancelled()
    for (const first of firsts) first.failed()
    await settle()
    t.equal(newcomer.attempts.length, 1)
    t.strictSame(other!.refused, ['overloaded', ...Array(255).fill('login-limited')])
  })

  t.test('a login that waited too long is overloaded', async t => {
    const { reserve } = guarded({ failuresMax: 1, maxWaitMs: 0 })
    await reserve()
    await t.rejects(reserve(), { code: 'overloaded', options: { retryAfter: 1 } })
  })

  t.end()
})
