import t, { type Test } from 'tap'
import { FakeClient, FakeDevice, minute, problem, setUp } from './world.js'

t.test('Voice', async t => {
  const keepDevice = async (t: Test) => {
    const { world, broker, errors } = setUp(t)
    world.chance = () => 1
    const device = new FakeDevice()
    await broker.token('voice')
    const kept = broker.keep(device, 'voice')
    t.teardown(() => kept.stop())
    return { world, broker, errors, device, kept }
  }

  await t.test('gets a token when it says that its own ends, and ever more slowly if it says so again and again', async t => {
    const { world, device } = await keepDevice(t)
    device.emit('tokenWillExpire')
    await world.pass(0)
    const start = world.now
    const gaps: number[] = []
    device.updateToken = () => {
      gaps.push(world.now - start)
      setTimeout(() => device.emit('tokenWillExpire'), 0)
    }
    device.emit('tokenWillExpire')
    device.emit('tokenWillExpire')
    await world.pass(30 * minute)
    t.same(gaps.slice(0, 4), [1000, 3000, 7000, 61_000])
    t.equal(gaps.length, 10)
    device.updateToken = () => {}
    await world.pass(60 * minute)
    device.updateToken = token => device.given.push(token)
    device.emit('tokenWillExpire')
    await world.pass(0)
    t.equal(device.given.length, 2, 'but at once where there was peace in between')
  })

  await t.test('gets one when it has ended, but for no other error', async t => {
    const { world, device } = await keepDevice(t)
    device.emit('error', { code: 53000 })
    device.emit('error', undefined)
    await world.pass(0)
    t.same(device.given, [])
    device.emit('error', { code: 20104 })
    await world.pass(0)
    t.same(device.given, ['token 2'])
  })

  await t.test('registers anew after the end, as it keeps that up no longer, and only then', async t => {
    const { world, device } = await keepDevice(t)
    device.emit('tokenWillExpire')
    await world.pass(0)
    device.emit('error', { code: 20104 })
    await world.pass(minute)
    device.emit('tokenWillExpire')
    await world.pass(minute)
    t.same(device.told, ['updateToken', 'updateToken', 'unregister', 'register', 'updateToken'])
  })

  await t.test('does not register where it was not, or is not any more', async t => {
    const { world, device } = await keepDevice(t)
    device.state = 'unregistered'
    device.emit('error', { code: 20104 })
    await world.pass(0)
    t.same(device.told, ['updateToken'])
    device.state = 'registered'
    device.unregister = async () => { throw new Error('the page was quicker') }
    device.emit('error', { code: 20104 })
    await world.pass(minute)
    t.same(device.told, ['updateToken', 'updateToken'])
  })

  await t.test('gets none once it is destroyed', async t => {
    const { world, device } = await keepDevice(t)
    device.emit('destroyed')
    device.emit('tokenWillExpire')
    await world.pass(60 * minute)
    t.equal(world.asked.length, 1)
    t.same([world.timers, world.listeners, device.eventNames()], [0, 0, []])
  })

  await t.test('gets none if it was destroyed before it was kept', async t => {
    const { world, device } = await keepDevice(t)
    device.state = 'destroyed'
    await world.pass(60 * minute)
    t.same(device.given, [])
    t.equal(world.timers, 0)
  })

  for (const [what, reply] of Object.entries({ 'a token': undefined, 'an error': problem(403, 'not-allowed') })) {
    await t.test(`gets nothing if ${what} comes after it was stopped`, async t => {
      const { world, device, kept, errors } = await keepDevice(t)
      world.always = reply
      device.emit('tokenWillExpire')
      device.updateToken = () => t.fail('stopped')
      await world.pass(-1)
      t.equal(world.asked.length, 1)
      const { fetch } = globalThis
      globalThis.fetch = (...args) => { kept.stop(); device.emit('tokenWillExpire'); return fetch(...args) }
      await world.pass(minute)
      globalThis.fetch = fetch
      t.equal(world.asked.length, 2)
      t.same(errors, [])
    })
  }

  await t.test('that says so while a question is on its way changes nothing', async t => {
    const { world, device } = await keepDevice(t)
    world.replies.push('silence')
    await world.pass(36 * minute)
    t.equal(world.asked.length, 2)
    device.emit('tokenWillExpire')
    await world.pass(30_999)
    t.equal(world.asked.length, 2)
    await world.pass(1)
    t.same(device.given, ['token 2'], 'a second after the question was given up, as after any first failure')
  })

  await t.test('that says so while a token is on its way gets that one', async t => {
    const { world, device } = await keepDevice(t)
    const { fetch } = globalThis
    globalThis.fetch = (...args) => { device.emit('tokenWillExpire'); world.wake('online'); return fetch(...args) }
    device.emit('tokenWillExpire')
    await world.pass(minute)
    globalThis.fetch = fetch
    t.same(device.given, ['token 2'])
  })
})

t.test('Sync, Conversations and Chat', async t => {
  const keepClient = async (t: Test) => {
    const { world, broker } = setUp(t)
    const client = new FakeClient()
    await broker.token('sync')
    const kept = broker.keep(client, 'sync')
    t.teardown(() => kept.stop())
    return { world, client }
  }

  await t.test('get a token when they say that theirs ends', async t => {
    const { world, client } = await keepClient(t)
    client.emit('tokenAboutToExpire')
    await world.pass(0)
    t.same(client.given, ['token 2'])
  })

  await t.test('get one after the end only once they have disconnected, since they lose it before', async t => {
    const { world, client } = await keepClient(t)
    client.is('disconnecting')
    client.emit('tokenExpired')
    await world.pass(2999)
    t.same(client.given, [])
    client.is('disconnected')
    t.same(client.given, ['token 2'])
    client.is('connecting')
    client.is('connected')
    await world.pass(0)
    t.same(client.given, ['token 2'])
  })

  await t.test('get one that comes after they have disconnected', async t => {
    const { world, client } = await keepClient(t)
    world.replies.push('no answer')
    client.is('disconnecting')
    client.emit('tokenExpired')
    client.is('disconnected')
    t.same(client.given, [])
    await world.pass(1000)
    t.same(client.given, ['token 2'])
  })

  await t.test('get one when a reconnect was refused, and only one', async t => {
    const { world, client } = await keepClient(t)
    client.is('connecting')
    client.is('denied')
    client.emit('tokenExpired')
    await world.pass(minute)
    t.same(client.given, ['token 2'])
    t.equal(world.asked.length, 2)
  })

  await t.test('get one that came while they shook hands once they are in, or refused', async t => {
    for (const state of ['connected', 'denied']) {
      await t.test(state, async t => {
        const { world, client } = await keepClient(t)
        client.is('connecting')
        await world.pass(40 * minute)
        t.same(client.given, [])
        client.is(state)
        t.same(client.given, ['token 2'])
        client.connectionState = 'connecting'
        client.emit('tokenExpired')
        await world.pass(minute)
        t.equal(world.asked.length, 2)
      })
    }
  })

  await t.test('get one when a reconnect was refused for another reason', async t => {
    const { world, client } = await keepClient(t)
    client.is('connecting')
    client.is('denied')
    await world.pass(0)
    t.same(client.given, ['token 2'])
  })

  await t.test('get none once they are shut down, though their token had ended before', async t => {
    for (const first of [undefined, 'no answer'] as const) {
      await t.test(first ?? 'and was renewed', async t => {
        const { world, client } = await keepClient(t)
        world.always = first
        client.is('disconnecting')
        client.emit('tokenExpired')
        client.is('disconnected')
        await world.pass(0)
        const { length } = client.given
        client.is('connecting')
        if (first !== undefined) client.is('connected')
        client.is('disconnected')
        world.always = undefined
        await world.pass(100 * minute)
        t.equal(client.given.length, length)
        t.equal(world.timers, 0)
      })
    }
  })

  await t.test('get none if they were shut down before they were kept', async t => {
    const { world, client } = await keepClient(t)
    client.connectionState = 'disconnected'
    await world.pass(100 * minute)
    t.same(client.given, [])
  })

  await t.test('get none once they are shut down, which, which would bring them back', async t => {
    const { world, client } = await keepClient(t)
    client.is('disconnecting')
    await world.pass(40 * minute)
    client.is('disconnected')
    await world.pass(100 * minute)
    t.same(client.given, [])
    t.same([world.timers, client.eventNames()], [0, []])
  })
})
