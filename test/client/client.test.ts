import t from 'tap'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { RefusedError, RetryError, SignInError, TokenBroker, type BrokerError, type Products, type TokenBrokerOptions, type TokenRequest } from '../../src/client/index.js'
import { FakeClient, FakeDevice, makeWorld, problem, settle, type Reply } from './world.js'

const susan = { username: 'susan', password: 'secret123' }
const minute = 60_000

function setUp (t: Parameters<typeof makeWorld>[0], options: Partial<TokenBrokerOptions> = {}) {
  const world = makeWorld(t)
  const errors: Error[] = []
  const broker = new TokenBroker({ url: 'https://tokens.example.com/', credentials: () => susan, onError: error => errors.push(error), ...options })
  return { world, broker, errors }
}

t.test('a token is asked for once, and again only when it is due', async t => {
  const { world, broker } = setUp(t)
  t.same(await Promise.all([broker.token('voice'), broker.token('voice'), broker.token('voice')]), ['token 1', 'token 1', 'token 1'])
  await world.pass(40 * minute - 1)
  t.equal(await broker.token('voice'), 'token 1')
  await world.pass(1)
  t.equal(await broker.token('voice'), 'token 2')
  t.equal(await broker.token('voice', { force: true }), 'token 3')
  t.equal(await broker.token('voice'), 'token 3')
  t.equal(await broker.token('voice', { ttl: 600 }), 'token 4', 'another request, another token')
})

t.test('what is asked goes over the wire as the broker takes it', async t => {
  const cases: Array<{ products: Products, request?: TokenRequest, url: string, body: object }> = [
    { products: 'voice', url: '/token/voice', body: {} },
    { products: 'video', request: { room: 'My Room', ttl: 600 }, url: '/token/video', body: { room: 'My Room', ttl: 600 } },
    { products: { video: { room: 'My Room' }, sync: {} }, request: { ttl: 600 }, url: '/token', body: { products: { video: { room: 'My Room' }, sync: {} }, ttl: 600 } },
    { products: 'a/b', url: '/token/a%2Fb', body: {} }
  ]
  for (const { products, request, url, body } of cases) {
    await t.test(JSON.stringify(products), async t => {
      const { world, broker } = setUp(t)
      await broker.token(products, request)
      t.match(world.asked, [{ url: `https://tokens.example.com${url}`, body, init: { method: 'POST', credentials: 'omit', redirect: 'manual' } }])
      t.same(world.asked[0]?.body, body)
    })
  }

  await t.test('without a url, from where the page is', async t => {
    const world = makeWorld(t)
    const broker = new TokenBroker({ credentials: async () => ({ username: 'Zoë', password: 'pä:ß 🔑' }) })
    await broker.token('sync')
    t.equal(world.asked[0]?.url, '/token/sync')
    t.equal(world.asked[0]?.authorization, `Basic ${Buffer.from('Zoë:pä:ß 🔑').toString('base64')}`)
  })
})

t.test('an error is of the class that says what to do', async t => {
  const foreign = { name: 'RetryError', code: 'not-the-broker' }
  const cases: Array<{ what: string, reply: Reply, is: object, class: typeof BrokerError }> = [
    { what: 'a wrong password', reply: problem(401, 'credentials-wrong'), is: { name: 'SignInError', code: 'credentials-wrong', requestId: 'req-1', detail: 'This is credentials-wrong.' }, class: SignInError },
    { what: 'the policy', reply: problem(403, 'not-allowed'), is: { name: 'RefusedError', code: 'not-allowed', detail: 'This is not-allowed.' }, class: RefusedError },
    { what: 'an unknown product', reply: problem(404, 'product-unknown'), is: { name: 'RefusedError' }, class: RefusedError },
    { what: 'an identity that does not fit', reply: problem(422, 'identity-unsuitable'), is: { name: 'RefusedError' }, class: RefusedError },
    { what: 'a limit', reply: problem(429, 'caller-limited', { 'Retry-After': '17' }), is: { name: 'RetryError', code: 'caller-limited', retryAfter: 17 }, class: RetryError },
    { what: 'a store that is away', reply: problem(503, 'store-unavailable', { 'Retry-After': '1' }), is: { name: 'RetryError', retryAfter: 1 }, class: RetryError },
    { what: 'a broker that failed', reply: problem(500, 'internal'), is: { name: 'RetryError', retryAfter: undefined }, class: RetryError },
    { what: 'no answer', reply: 'no answer', is: { name: 'RetryError', code: 'no-answer', message: /CORS_ORIGINS/, requestId: undefined }, class: RetryError },
    { what: 'a proxy\'s page with 200', reply: { status: 200, body: '<html>', headers: { 'Content-Type': 'text/html' } }, is: { ...foreign, message: /not the broker's, but 200 text\/html/ }, class: RetryError },
    { what: 'a proxy\'s own 401', reply: { status: 401, body: '<html>' }, is: foreign, class: RetryError },
    { what: 'a proxy\'s JSON', reply: { status: 404, body: { code: 404, detail: 'no' } }, is: foreign, class: RetryError },
    { what: 'a code without a sentence', reply: { status: 404, body: { code: 'x' } }, is: foreign, class: RetryError },
    { what: 'JSON that is no object', reply: { status: 200, body: null }, is: foreign, class: RetryError },
    { what: 'a token without its life', reply: { status: 200, body: { token: 'x' } }, is: foreign, class: RetryError },
    { what: 'a problem with 200', reply: { status: 200, body: { code: 'x', detail: 'x' } }, is: foreign, class: RetryError },
    { what: 'a redirect', reply: { status: 0 }, is: { ...foreign, message: /a redirect/ }, class: RetryError },
    { what: 'a year of Retry-After', reply: problem(503, 'overloaded', { 'Retry-After': '31536000' }), is: { retryAfter: 3600 }, class: RetryError },
    { what: 'a date as Retry-After', reply: problem(503, 'overloaded', { 'Retry-After': 'Fri, 31 Dec 1999 23:59:59 GMT' }), is: { retryAfter: undefined }, class: RetryError },
    { what: 'a problem without a request id', reply: { status: 403, body: { code: 'not-allowed', detail: 'No.' } }, is: { requestId: undefined }, class: RefusedError }
  ]
  for (const { what, reply, is, class: Class } of cases) {
    await t.test(what, async t => {
      const { world, broker } = setUp(t)
      world.replies.push(reply)
      const error = await broker.token('voice').catch((error: unknown) => error)
      t.ok(error instanceof Class)
      t.match(error, is)
      t.equal(world.asked.length, 1)
      t.equal(await broker.token('voice'), 'token 1', 'and the next call asks again')
    })
  }
})

t.test('where nobody answers, a token that still lives is better than none', async t => {
  const { world, broker } = setUp(t)
  await broker.token('voice')
  world.always = 'no answer'
  await world.pass(50 * minute)
  t.equal(await broker.token('voice'), 'token 1')
  await t.rejects(broker.token('voice', { force: true }), RetryError)
  world.always = problem(401, 'credentials-wrong')
  await t.rejects(broker.token('voice'), SignInError)
  world.always = 'no answer'
  await world.pass(10 * minute)
  await t.rejects(broker.token('voice'), RetryError)
})

t.test('credentials come from a function', async t => {
  await t.test('which is called once for all who ask meanwhile', async t => {
    let forms = 0
    const { world, broker } = setUp(t, { async credentials () { forms++; await settle(); return susan } })
    await Promise.all([broker.token('voice'), broker.token('sync'), broker.token('video')])
    t.equal(forms, 1)
    t.equal(world.asked.length, 3)
  })
  const nothing: Array<[string, TokenBrokerOptions['credentials']]> = [
    ['has nothing', () => undefined],
    ['has null', async () => null],
    ['throws', () => { throw new Error('the form was closed') }]
  ]
  for (const [what, credentials] of nothing) {
    await t.test(`and where it ${what}, nothing is asked`, async t => {
      const { world, broker } = setUp(t, { credentials })
      await t.rejects(broker.token('voice'), { name: 'SignInError', code: 'credentials-missing' })
      t.equal(world.asked.length, 0)
    })
  }
  await t.test('and where it throws one of the broker\'s errors, that is the error', async t => {
    const { broker } = setUp(t, { credentials () { throw new RetryError('The session is away.', { code: 'session' }) } })
    await t.rejects(broker.token('voice'), { name: 'RetryError', code: 'session' })
  })
})

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

t.test('a token that is the same as the last is asked for again a second later', async t => {
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
  t.same(gaps.slice(0, 7), [750, 1500, 3000, 6000, 12_000, 24_000, 45_000])
  t.ok(gaps.slice(7).every(gap => gap === 45_000))
  t.ok(errors.every(error => error instanceof RetryError))
  t.equal(errors.length, world.asked.length - 1)
  world.always = undefined
  await world.pass(minute)
  t.same(device.given, ['token 2'])
  await world.pass(39 * minute)
  t.same(device.given, ['token 2', 'token 3'], 'and all goes on as before')
  broker.close()
})

t.test('Retry-After is waited for, with events or without, and by each a little longer', async t => {
  const { world, broker } = setUp(t)
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  world.replies.push(problem(429, 'caller-limited', { 'Retry-After': '40' }))
  world.chance = () => 0.5
  await world.pass(40 * minute)
  const { at } = world.asked.at(-1)!
  device.emit('tokenWillExpire')
  world.wake('online')
  await world.pass(minute)
  t.same(world.asked.slice(2).map(asked => asked.at - at), [50_000])
  broker.close()
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
    broker.close()
  })
})

t.test('what the policy refuses is not asked again', async t => {
  const { world, broker, errors } = setUp(t)
  world.always = problem(403, 'not-allowed')
  broker.keep(new FakeDevice(), 'voice')
  await world.pass(24 * 60 * minute)
  t.equal(world.asked.length, 1)
  t.match(errors, [{ name: 'RefusedError', detail: 'This is not-allowed.' }])
  broker.close()
})

t.test('a page without onError finds the errors on its console', async t => {
  const warned = t.capture(console, 'warn')
  const { world, broker } = setUp(t)
  const plain = new TokenBroker({ credentials: () => susan })
  world.always = problem(403, 'not-allowed')
  plain.keep(new FakeDevice(), 'voice')
  await world.pass(0)
  t.match(warned(), [{ args: ['RefusedError: This is not-allowed.'] }])
  plain.close()
  broker.close()
})

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
    t.not(await Promise.race([broker.token('voice'), 'none']), 'token 1', 'nor is the old one given to anyone')
    broker.close()
    const other = new FakeDevice()
    broker.keep(other, 'voice')
    world.sleep(8 * 60 * minute)
    await world.pass(35_000)
    t.equal(other.given.length, 1)
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

t.test('the device\'s clock means nothing: set back or wrong, the token lives its time', async t => {
  const { world, broker } = setUp(t)
  await broker.token('voice')
  world.sleep(-24 * 60 * minute)
  t.equal(await broker.token('voice'), 'token 1')
  await world.pass(39 * minute)
  t.equal(await broker.token('voice'), 'token 1')
  await world.pass(minute)
  t.equal(await broker.token('voice'), 'token 2')
})

t.test('100 tabs that wake at once spread their requests', async t => {
  const { world } = setUp(t)
  world.chance = mulberry(1)
  const brokers = await Promise.all(Array.from({ length: 100 }, async () => {
    const broker = new TokenBroker({ credentials: () => susan })
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

t.test('Voice', async t => {
  const keepDevice = async (t: Parameters<typeof makeWorld>[0]) => {
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
    device.updateToken = () => { gaps.push(world.now - start); device.emit('tokenWillExpire') }
    device.emit('tokenWillExpire')
    device.emit('tokenWillExpire')
    await world.pass(30 * minute)
    device.updateToken = () => {}
    t.ok(gaps.length < 12, `${gaps.length} in half an hour`)
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

  await t.test('gets none once it is destroyed', async t => {
    const { world, device } = await keepDevice(t)
    device.emit('destroyed')
    device.emit('tokenWillExpire')
    await world.pass(60 * minute)
    t.equal(world.asked.length, 1)
    t.same([world.timers, device.eventNames()], [0, []])
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
  const keepClient = async (t: Parameters<typeof makeWorld>[0]) => {
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

  await t.test('get none once they are shut down, which would bring them back', async t => {
    const { world, client } = await keepClient(t)
    client.is('disconnecting')
    await world.pass(40 * minute)
    client.is('disconnected')
    await world.pass(100 * minute)
    t.same(client.given, [])
    t.same([world.timers, client.eventNames()], [0, []])
  })
})

t.test('Video', async t => {
  class FakeRoom extends EventTarget {
    ended = (_room: unknown, _error: unknown) => {}
    left = false
    on (_event: 'disconnected', listener: (room: unknown, error: unknown) => void) { this.ended = listener }
    disconnect () { this.left = true }
    end (error?: unknown) { this.ended(this, error) }
  }
  const makeVideo = () => {
    const video = {
      tokens: [] as string[],
      rooms: [] as FakeRoom[],
      errors: [] as unknown[],
      async connect (token: string, _options?: { name?: string, tracks?: [] }) {
        video.tokens.push(token)
        const error = video.errors.shift()
        if (error !== undefined) throw error
        const room = new FakeRoom()
        video.rooms.push(room)
        return room
      }
    }
    return video
  }
  const expired = { code: 20104 }

  await t.test('is entered with a token for its room', async t => {
    const { world, broker } = setUp(t)
    const video = makeVideo()
    await broker.connect(video, { name: 'My Room' })
    await broker.connect(video, {}, { ttl: 600 })
    t.same(world.asked.map(({ body }) => body), [{ room: 'My Room' }, { ttl: 600 }])
    t.same(video.tokens, ['token 1', 'token 2'])
    video.rooms[0]!.end(expired)
    await world.pass(minute)
    t.equal(video.rooms.length, 2, 'without onRoom nobody would know of another room')
  })

  await t.test('is entered with another token where the first is found to have ended, and with no third', async t => {
    const { broker } = setUp(t)
    const video = makeVideo()
    video.errors.push(expired)
    await broker.connect(video, { name: 'My Room' })
    t.same(video.tokens, ['token 1', 'token 2'])
    video.errors.push(expired, expired)
    await t.rejects(broker.connect(video, { name: 'My Room' }), expired)
    video.errors.push({ code: 53105 })
    await t.rejects(broker.connect(video, { name: 'My Room' }), { code: 53105 })
    t.equal(video.tokens.length, 5)
  })

  await t.test('is entered anew when it ends with its token', async t => {
    const { world, broker, errors } = setUp(t)
    const video = makeVideo()
    const rooms: FakeRoom[] = []
    await broker.connect(video, { name: 'My Room' }, { onRoom: room => rooms.push(room) })
    await world.pass(61 * minute)
    t.equal(world.asked.length, 1, 'a room needs no token while it lasts')
    world.wake('online')
    rooms[0]!.end(expired)
    video.errors.push({ code: 53001 }, expired)
    await world.pass(minute)
    t.equal(rooms.length, 2)
    t.equal(video.tokens.length, 4)
    rooms[1]!.end()
    await world.pass(120 * minute)
    t.equal(rooms.length, 2, 'but not when the user has left')
    t.same(errors, [])
    t.equal(world.timers, 0)
  })

  await t.test('is given up, and the page told, where it cannot be entered anew', async t => {
    const { world, broker, errors } = setUp(t)
    const video = makeVideo()
    const rooms: FakeRoom[] = []
    await broker.connect(video, { name: 'My Room' }, { onRoom: room => rooms.push(room) })
    video.errors.push(Object.assign(new Error('full'), { code: 53105 }))
    rooms[0]!.end(expired)
    await world.pass(60 * minute)
    t.match(errors, [{ code: 53105 }])
    t.equal(world.timers, 0)
  })

  await t.test('is left when the page has changed its mind meanwhile', async t => {
    const { world, broker } = setUp(t)
    const video = makeVideo()
    const mind = new AbortController()
    await broker.connect(video, { name: 'My Room' }, { onRoom () {}, signal: mind.signal })
    const { connect } = video
    video.connect = token => { mind.abort(); return connect(token) }
    video.rooms[0]!.end(expired)
    await world.pass(minute)
    t.equal(video.rooms[1]!.left, true)
    const room = await broker.connect(video, { name: 'My Room' }, { onRoom: () => t.fail('left'), signal: mind.signal })
    t.equal(room.left, true)
    t.equal(world.timers, 0)
  })
})

t.test('the module has at most 4 KiB, minified and compressed, and imports nothing', async t => {
  const { outputFiles: [file], metafile } = await build({
    entryPoints: ['src/client/index.ts'], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, metafile: true
  })
  t.ok(gzipSync(file!.contents).length <= 4096, `${gzipSync(file!.contents).length} bytes`)
  t.same(Object.values(metafile.outputs).flatMap(({ imports }) => imports), [])
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))
  t.match(scripts['build:client'], /esbuild src\/client\/index\.ts --bundle --minify --format=esm --target=es2022/, 'built so as it is measured here')
})
