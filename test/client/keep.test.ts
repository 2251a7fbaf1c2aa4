import t from 'tap'
import { RetryError, SignInError, TokenBroker, type Product } from '../../src/client/index.js'
import { FakeDevice, minute, problem, setUp, susan } from './world.js'

t.test('a token is renewed at two thirds of its life, but 3 minutes before the end, and not in a loop', async t => {
  const cases = [
    { ttl: 86400, after: 57600 },
    { ttl: 3600, after: 2400 },
    { ttl: 480, after: 300 },
    { ttl: 300, after: 120 },
    { ttl: 180, after: 60 }
  ]
  for (const { ttl, after } of cases) {
    for (const [chance, part] of [[0, 1], [0.999, 0.9001]] as const) {
      await t.test(`${ttl} s, chance ${chance}`, async t => {
        const { world, broker } = setUp(t)
        world.ttl = ttl
        world.chance = () => chance
        const device = new FakeDevice()
        await broker.token('voice')
        const kept = broker.keep(device, 'voice')
        await world.pass(after * part * 1000 - 1)
        t.same(device.given, [])
        await world.pass(1)
        t.same(device.given, ['token 2'])
        kept.stop()
        t.equal(world.timers, 0)
      })
    }
  }
})

t.test('two that are kept for one product share each request', async t => {
  const { world, broker } = setUp(t)
  const [one, two] = [new FakeDevice(), new FakeDevice()]
  await broker.token('voice')
  broker.keep(one, 'voice')
  broker.keep(two, 'voice')
  await world.pass(80 * minute)
  t.same([one.given, two.given], [['token 2', 'token 3'], ['token 2', 'token 3']])
  t.equal(world.asked.length, 3)

  one.emit('tokenWillExpire')
  await world.pass(0)
  two.emit('tokenWillExpire')
  await world.pass(0)
  t.same([one.given.at(-1), two.given.at(-1)], ['token 4', 'token 4'], 'the second takes what the first was given')
  broker.close()
  await world.pass(100 * minute)
  t.equal(world.asked.length, 4)
  t.equal(world.timers, 0)
})

t.test('what has no token of this broker yet is given one at once', async t => {
  const { world, broker } = setUp(t)
  const device = new FakeDevice()
  broker.keep(device, 'voice')
  await world.pass(0)
  t.same(device.given, ['token 1'])
  broker.close()
})

t.test('where the token is the same as the last, it asks again a second later, and then ever more slowly', async t => {
  const { world, broker } = setUp(t)
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  world.replies.push({ status: 200, body: { token: 'token 1', expiresIn: 3600 } })
  device.emit('tokenWillExpire')
  await world.pass(999)
  t.same(device.given, [])
  await world.pass(1)
  t.same(device.given, ['token 2'])

  const before = world.asked.length
  world.chance = () => 0.5
  world.always = { status: 200, body: { token: 'token 2', expiresIn: 3600 } }
  await world.pass(60 * minute)
  const times = world.asked.slice(before).map(({ at }) => at)
  t.same(times.slice(1, 6).map((at, index) => at - times[index]!), [1500, 3000, 6000, 61_000 - 10_500, 24_000])
  world.always = undefined
  t.equal(await broker.token('voice'), 'token 3', 'and nobody takes it for alive after its end')
  broker.close()
})

t.test('a broker that is down is asked gently, until it is back', async t => {
  const { world, broker, errors } = setUp(t)
  world.chance = () => 0.5
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  world.always = 'no answer'
  await world.pass(2 * 60 * minute)
  const gaps = world.asked.slice(1).map(({ at }, index, all) => at - (all[index - 1]?.at ?? at)).slice(1)
  t.same(gaps.slice(0, 7), [750, 1500, 3000, 61_000 - 5250, 12_000, 24_000, 45_000])
  t.ok(gaps.slice(7).every(gap => gap === 45_000))
  t.ok(errors.every(error => error instanceof RetryError))
  t.equal(errors.length, world.asked.length - 1)
  world.always = undefined
  await world.pass(minute)
  t.same(device.given, ['token 2'])
  await world.pass(39 * minute)
  t.same(device.given, ['token 2', 'token 3'], 'and all goes on as before')
  world.replies.push('no answer')
  const before = world.asked.length
  await world.pass(40 * minute)
  const [failed, next] = world.asked.slice(before)
  t.equal(next!.at - failed!.at, 750, 'and the next outage begins anew')
  broker.close()
})

t.test('Retry-After is waited for, with events or without, and by each a little longer', async t => {
  const cases = [
    { seconds: 40, events: [], waited: 50_000 },
    { seconds: 40, events: ['tokenWillExpire'], waited: 50_000 },
    { seconds: 40, events: ['online'], waited: 50_000 },
    { seconds: 40, events: ['tokenWillExpire', 'online'], waited: 50_000 },
    { seconds: 1, events: [], waited: 1500 }
  ]
  for (const { seconds, events, waited } of cases) {
    await t.test(`${seconds} s, events: ${events.join()}`, async t => {
      const { world, broker } = setUp(t)
      const device = new FakeDevice()
      await broker.token('voice')
      broker.keep(device, 'voice')
      world.replies.push(problem(429, 'caller-limited', { 'Retry-After': `${seconds}` }))
      world.chance = () => 0.5
      await world.pass(40 * minute)
      const { at } = world.asked.at(-1)!
      if (events.includes('tokenWillExpire')) device.emit('tokenWillExpire')
      if (events.includes('online')) world.wake('online')
      await world.pass(minute)
      t.same(world.asked.slice(2).map(asked => asked.at - at), [waited])
      broker.close()
    })
  }
})

t.test('a caller who was removed is asked to sign in, once', async t => {
  let credentials = susan
  const { world, broker, errors } = setUp(t, { credentials: () => credentials })
  const sdks = [new FakeDevice(), new FakeDevice(), new FakeDevice()] as const
  await Promise.all([broker.token('voice'), broker.token('sync'), broker.token('chat')])
  broker.keep(sdks[0], 'voice')
  broker.keep(sdks[1], 'sync')
  broker.keep(sdks[2], 'chat')
  await world.pass(30 * minute)
  world.always = problem(401, 'credentials-wrong')
  const before = world.asked.length
  await world.pass(10 * minute)
  for (const sdk of sdks) sdk.emit('tokenWillExpire')
  for (const event of ['online', 'visibilitychange', 'pageshow'] as const) world.wake(event)
  await world.pass(24 * 60 * minute)
  t.equal(world.asked.length - before, 1, 'as the other two do not show the broker what it has found wrong')
  t.ok(errors.every(error => error instanceof SignInError))

  await t.test('nor does one that is kept later', async t => {
    const late = new FakeDevice()
    broker.keep(late, 'video')
    await world.pass(minute)
    t.equal(world.asked.length - before, 1)
    t.equal(errors.length, 1, 'nor is the page told twice of the same answer')
  })

  await t.test('until there are others', async t => {
    credentials = { username: 'susan', password: 'another1' }
    world.always = undefined
    const token = await broker.token('voice')
    await world.pass(0)
    t.same(sdks[0].given, [token])
    t.equal(sdks[1].given.length, 1)
    t.equal(world.asked.at(-1)!.authorization, `Basic ${btoa('susan:another1')}`)
    broker.close()
  })
})

t.test('credentials that were found wrong are shown again once they were found right, others at once', async t => {
  let credentials = susan
  const { world, broker } = setUp(t, { credentials: () => credentials })
  const [one, two, three] = [new FakeDevice(), new FakeDevice(), new FakeDevice()]
  world.replies.push(problem(401, 'credentials-wrong'))
  broker.keep(one, 'voice')
  await world.pass(0)
  t.same(one.given, [])
  await broker.token('sync')
  broker.keep(two, 'chat')
  await world.pass(0)
  t.same([one.given.length, two.given.length], [1, 1])

  world.replies.push(problem(401, 'credentials-wrong'))
  two.emit('tokenWillExpire')
  await world.pass(0)
  credentials = { username: 'susan', password: 'another1' }
  broker.keep(three, 'conversations')
  await world.pass(0)
  t.equal(three.given.length, 1)
  broker.close()
})

t.test('what the policy refuses is not asked again', async t => {
  const { world, broker, errors } = setUp(t)
  world.always = problem(403, 'not-allowed')
  const device = new FakeDevice()
  broker.keep(device, 'voice')
  await world.pass(0)
  device.emit('tokenWillExpire')
  world.wake('online')
  await world.pass(24 * 60 * minute)
  t.equal(world.asked.length, 1)
  t.has(errors, [{ name: 'RefusedError', detail: 'This is not-allowed.' }])
  broker.close()
})

t.test('what rests and is stopped stays so, whoever is given a token', async t => {
  const { world, broker } = setUp(t)
  world.replies.push(problem(403, 'not-allowed'))
  const kept = broker.keep(new FakeDevice(), 'voice')
  await world.pass(0)
  kept.stop()
  await broker.token('sync')
  await world.pass(minute)
  t.equal(world.asked.length, 2)
  t.equal(world.timers, 0)
})

t.test('what cannot be kept is an error before anything listens to the object', async t => {
  const { world, broker } = setUp(t)
  const device = new FakeDevice()
  for (const products of [undefined, null, ['voice'], 7, '', '..'] as unknown as Product[]) {
    t.throws(() => broker.keep(device, products), TypeError, String(products))
  }
  t.throws(() => broker.keep(device, 'voice', { ttl: 1n as never }), TypeError)
  t.throws(() => broker.keep(null as unknown as FakeDevice, 'voice'), TypeError)
  t.same([device.eventNames(), world.timers, world.listeners], [[], 0, 0])
})

t.test('where nothing has events, as in Node, it keeps by time', async t => {
  const { world, broker } = setUp(t)
  Object.assign(globalThis, { addEventListener: undefined })
  const device = new FakeDevice()
  broker.keep(device, 'voice')
  await world.pass(41 * minute)
  t.same(device.given, ['token 1', 'token 2'])
  broker.close()
  t.same([device.eventNames(), world.timers], [[], 0])
})

t.test('a page without onError finds the errors on its console', async t => {
  const warned = t.capture(console, 'warn')
  const { world, broker } = setUp(t)
  const plain = new TokenBroker({ session: false, credentials: () => susan })
  world.always = problem(403, 'not-allowed')
  plain.keep(new FakeDevice(), 'voice')
  await world.pass(0)
  t.has(warned(), [{ args: ['RefusedError: This is not-allowed.'] }])
  plain.close()
  broker.close()
})
