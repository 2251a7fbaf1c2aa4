import t from 'tap'
import { GUESSING_WINDOW } from '../../src/callers/guess-counters.js'
import { collect, guarded, limited } from '../helpers/guarded.js'
import { home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

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

  t.test('an address that logged in recently still gets in', async t => {
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

  t.test('an address that logged in recently does not', async t => {
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
