import t from 'tap'
import { TokenBroker } from '../../src/client/index.js'
import { FakeDevice, minute, setUp, susan } from './world.js'

t.test('a machine that sleeps through the end of the token', async t => {
  for (const event of ['visibilitychange', 'online', 'pageshow'] as const) {
    await t.test(`has a new one within 5 s of ${event}`, async t => {
      const { world, broker } = setUp(t)
      world.chance = () => 0.9
      const device = new FakeDevice()
      await broker.token('voice')
      broker.keep(device, 'voice')
      await world.pass(minute)
      world.sleep(8 * 60 * minute)
      world.wake(event)
      world.wake(event)
      await world.pass(4499)
      t.same(device.given, [])
      await world.pass(1)
      t.same(device.given, ['token 2'])
      broker.close()
    })
  }

  await t.test('has one within 35 s, even if no event tells of it', async t => {
    const { world, broker } = setUp(t)
    world.chance = () => 0.9
    const device = new FakeDevice()
    await broker.token('voice')
    broker.keep(device, 'voice')
    world.sleep(8 * 60 * minute)
    t.equal(await broker.token('voice'), 'token 2', 'nor is the old one given to anyone')
    broker.close()
    const other = new FakeDevice()
    broker.keep(other, 'voice')
    world.sleep(8 * 60 * minute)
    await world.pass(35_000)
    t.equal(other.given.length, 1)
    broker.close()
  })

  await t.test('sleeps again, and has another one', async t => {
    const { world, broker } = setUp(t)
    world.chance = () => 0.9
    const device = new FakeDevice()
    await broker.token('voice')
    broker.keep(device, 'voice')
    for (const token of ['token 2', 'token 3']) {
      world.sleep(8 * 60 * minute)
      world.wake('online')
      // Events that follow do not draw lots again.
      world.chance = () => 0.1
      world.wake('pageshow')
      await world.pass(4499)
      t.not(device.given.at(-1), token)
      await world.pass(1)
      t.equal(device.given.at(-1), token)
      world.chance = () => 0.9
    }
    broker.close()
  })

  await t.test('asks nothing when it wakes before the token is due', async t => {
    const { world, broker } = setUp(t)
    await broker.token('voice')
    broker.keep(new FakeDevice(), 'voice')
    world.sleep(10 * minute)
    world.wake('online')
    await world.pass(minute)
    t.equal(world.asked.length, 1)
    broker.close()
  })

  await t.test('while the broker was down asks again soon', async t => {
    const { world, broker } = setUp(t)
    const device = new FakeDevice()
    world.always = 'no answer'
    broker.keep(device, 'voice')
    await world.pass(10 * minute)
    world.always = undefined
    world.wake('online')
    await world.pass(0)
    t.same(device.given, ['token 1'])
    broker.close()
  })
})

t.test('a machine that wakes after its SDK has asked for a token in vain asks again soon', async t => {
  const { world, broker } = setUp(t)
  world.chance = () => 0.5
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  world.always = 'no answer'
  device.emit('tokenWillExpire')
  await world.pass(10 * minute)
  const before = world.asked.length
  world.wake('online')
  world.always = undefined
  await world.pass(2500)
  t.equal(world.asked.length, before + 1)
  t.same(device.given, ['token 2'])
  broker.close()
})

t.test('a nap that is shorter than the time awake counts', async t => {
  const { world, broker } = setUp(t)
  await broker.token('voice')
  await world.pass(30 * minute)
  await broker.token('voice')
  world.sleep(20 * minute)
  t.equal(await broker.token('voice'), 'token 2')
})

t.test('the timers of a hidden tab are late, and that is no second wake', async t => {
  const { world, broker } = setUp(t)
  world.chance = () => 0.9
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  world.freeze(41 * minute)
  await world.pass(0)
  t.same(device.given, [], 'it waits a little, as every tab does')
  world.freeze(minute)
  await world.pass(0)
  t.same(device.given, ['token 2'])
  broker.close()
})

t.test('100 tabs that wake at once spread their requests', async t => {
  const { world } = setUp(t)
  world.chance = mulberry(1)
  const brokers = await Promise.all(Array.from({ length: 100 }, async () => {
    const broker = new TokenBroker({ session: false, credentials: () => susan })
    await broker.token('voice')
    broker.keep(new FakeDevice(), 'voice')
    return broker
  }))
  world.sleep(8 * 60 * minute)
  const before = world.asked.length
  for (const event of ['visibilitychange', 'online', 'pageshow'] as const) world.wake(event)
  const woken = world.now
  await world.pass(5000)
  const seconds = world.asked.slice(before).map(({ at }) => Math.floor((at - woken) / 1000))
  t.equal(seconds.length, 100)
  for (let second = 0; second < 5; second++) t.ok(seconds.filter(other => other === second).length <= 35, `in second ${second}`)
  for (const broker of brokers) broker.close()
})

/** Chance that is the same in each run. */
function mulberry (seed: number) {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

t.test('a device\'s clock that is set back by hours delays no renewal', async t => {
  const { world, broker } = setUp(t)
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  await world.pass(minute)
  world.setWall(5_000_000 - 3 * 60 * minute)
  await world.pass(60 * minute)
  t.same(device.given, ['token 2'], 'within the life of the first')
  broker.close()
})
