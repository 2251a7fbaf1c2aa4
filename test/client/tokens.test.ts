import { getEventListeners } from 'node:events'
import t from 'tap'
import { LockedError, RefusedError, RetryError, SignInError, TokenBroker, type BrokerError, type Product, type TokenBrokerOptions, type TokenRequest } from '../../src/client/index.js'
import { FakeDevice, makeWorld, minute, problem, setUp, settle, susan, type Reply } from './world.js'

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

t.test('the order of what is asked makes no difference', async t => {
  const { world, broker } = setUp(t)
  await Promise.all([
    broker.token('video', { ttl: 600, room: 'My Room' }),
    broker.token('video', { room: 'My Room', ttl: 600 }),
    broker.token('video', { room: 'My Room', identity: undefined, ttl: 600 } as TokenRequest<'video'>),
    broker.token({ video: { room: 'a' }, voice: { params: { a: '1', b: '2' } } }, { ttl: 600, identity: 'ann' }),
    broker.token({ voice: { params: { b: '2', a: '1' } }, video: { room: 'a' } }, { identity: 'ann', ttl: 600 })
  ])
  t.same(world.asked.map(({ url }) => url), ['https://tokens.example.com/token/video', 'https://tokens.example.com/token'])
})

t.test('what names no product is an error of the page, and not asked', async t => {
  const { world, broker } = setUp(t)
  const rows: unknown[] = [undefined, null, ['voice'], [], 7, true, 1n, Symbol('voice'), () => 'voice', '', '.', '..']
  for (const products of rows) await t.rejects(broker.token(products as Product), TypeError, String(products))
  await t.rejects(broker.token('voice', { ttl: 1n as never }), TypeError)
  t.equal(world.asked.length, 0)
})

t.test('S148: no name of a product leads out of /token/', async t => {
  const { world, broker } = setUp(t)
  for (const name of ['../session', '..\\session', '%2e%2e', '%2E%2E/', '\t..', '.. ', '．．', '...', 'a?b#c', '/', '//evil.example']) await broker.token(name as Product)
  for (const { url } of world.asked) t.match(new URL(url).href, /^https:\/\/tokens\.example\.com\/token\/[^/?#]+$/)
})

t.test('what is asked goes over the wire as the broker takes it', async t => {
  const cases: Array<{ products: unknown, request?: TokenRequest, url: string, body: object }> = [
    { products: 'voice', url: '/token/voice', body: {} },
    { products: 'video', request: { room: 'My Room', ttl: 600 }, url: '/token/video', body: { room: 'My Room', ttl: 600 } },
    { products: { video: { room: 'My Room' }, sync: {} }, request: { ttl: 600 }, url: '/token', body: { products: { video: { room: 'My Room' }, sync: {} }, ttl: 600 } },
    { products: 'a/b', url: '/token/a%2Fb', body: {} }
  ]
  for (const { products, request, url, body } of cases) {
    await t.test(JSON.stringify(products), async t => {
      const { world, broker } = setUp(t)
      await broker.token(products as Product, request)
      t.match(world.asked, [{ url: `https://tokens.example.com${url}`, body, init: { method: 'POST', headers: { 'Content-Type': 'application/json' }, credentials: 'omit', redirect: 'manual' } }])
      t.same(world.asked[0]?.body, body)
    })
  }

  await t.test('without a url, from where the page is', async t => {
    const world = makeWorld(t)
    const broker = new TokenBroker({ session: false, credentials: async () => ({ username: 'Zoë', password: 'pä:ß 🔑' }) })
    await broker.token('sync')
    t.equal(world.asked[0]?.url, '/token/sync')
    t.equal(world.asked[0]?.authorization, `Basic ${Buffer.from('Zoë:pä:ß 🔑').toString('base64')}`)
  })

  await t.test('with a URL in the place of its text', async t => {
    const world = makeWorld(t)
    const broker = new TokenBroker({ session: false, url: new URL('/broker/', 'https://example.com'), credentials: () => susan })
    await broker.token('sync')
    t.equal(world.asked[0]?.url, 'https://example.com/broker/token/sync')
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
    { what: 'five wrong passwords', reply: problem(429, 'login-limited', { 'Retry-After': '840' }), is: { name: 'LockedError', code: 'login-limited', retryAfter: 840, until: new Date(5_840_000) }, class: LockedError },
    { what: 'five wrong passwords, and a proxy that takes the time out', reply: problem(429, 'login-limited'), is: { name: 'LockedError', until: new Date(5_900_000) }, class: LockedError },
    { what: 'a store that is away', reply: problem(503, 'store-unavailable', { 'Retry-After': '1' }), is: { name: 'RetryError', retryAfter: 1 }, class: RetryError },
    { what: 'a broker that failed', reply: problem(500, 'internal'), is: { name: 'RetryError', retryAfter: undefined }, class: RetryError },
    { what: 'no answer', reply: 'no answer', is: { name: 'RetryError', code: 'no-answer', message: 'No answer from https://tokens.example.com/token/voice. Is it up?', requestId: undefined }, class: RetryError },
    { what: 'a proxy\'s page with 200', reply: { status: 200, body: '<html>', headers: { 'Content-Type': 'text/html' } }, is: { ...foreign, message: /No broker answers at .*: 200 text\/html/ }, class: RetryError },
    { what: 'a proxy\'s own 401', reply: { status: 401, body: '<html>' }, is: foreign, class: RetryError },
    { what: 'a proxy\'s own 503', reply: { status: 503, body: '<html>', headers: { 'Retry-After': '5' } }, is: { ...foreign, retryAfter: 5 }, class: RetryError },
    { what: 'a proxy\'s JSON', reply: { status: 404, body: { code: 404, detail: 'no' } }, is: foreign, class: RetryError },
    { what: 'a code without a sentence', reply: { status: 404, body: { code: 'x' } }, is: foreign, class: RetryError },
    { what: 'a text of no token', reply: { status: 200, body: { token: '', expiresIn: 3600 } }, is: foreign, class: RetryError },
    { what: 'a token that is no text', reply: { status: 200, body: { token: { jwt: 'x' }, expiresIn: 3600 } }, is: foreign, class: RetryError },
    ...[0, -1, -3600, 0.001, 29.9, 604_801, 'soon', null, true, []].map(expiresIn =>
      ({ what: `a life of ${JSON.stringify(expiresIn)}`, reply: { status: 200, body: { token: 'x', expiresIn } }, is: foreign, class: RetryError })),
    ...['NaN', '1e999', '-1e999'].map(life =>
      ({ what: `a life of ${life}`, reply: { status: 200, body: `{"token":"x","expiresIn":${life}}` }, is: foreign, class: RetryError })),
    { what: 'JSON that is no object', reply: { status: 200, body: null }, is: foreign, class: RetryError },
    { what: 'a token without its life', reply: { status: 200, body: { token: 'x' } }, is: foreign, class: RetryError },
    { what: 'a life without its token', reply: { status: 200, body: { expiresIn: 3600 } }, is: foreign, class: RetryError },
    { what: 'a token with 500', reply: { status: 500, body: { token: 'x', expiresIn: 3600 } }, is: foreign, class: RetryError },
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

t.test('no answer names the origin to write into CORS_ORIGINS', async t => {
  const { world, broker } = setUp(t)
  Object.assign(globalThis, { location: { origin: 'http://localhost:5173' } })
  t.teardown(() => Reflect.deleteProperty(globalThis, 'location'))
  world.replies.push('no answer')
  await t.rejects(broker.token('voice'), { code: 'no-answer', message: 'No answer from https://tokens.example.com/token/voice. Is it up, and http://localhost:5173 in its CORS_ORIGINS?' })
})

t.test('a locked name keeps the token that it has, and what is kept goes on when the lock is over', async t => {
  const { world, broker, errors } = setUp(t)
  const device = new FakeDevice()
  await broker.token('voice')
  broker.keep(device, 'voice')
  world.always = problem(429, 'login-limited', { 'Retry-After': '840' })
  await world.pass(41 * minute)
  t.has(errors, [{ name: 'LockedError' }])
  t.ok(errors[0] instanceof RetryError)
  t.equal(await broker.token('voice'), 'token 1')
  world.always = undefined
  await world.pass(25 * minute)
  t.same(device.given, ['token 2'])
  await broker.close()
})

t.test('a call may ask for what the broker says of the token', async t => {
  const { world, broker } = setUp(t)
  const expiresAt = '2026-11-24T04:00:00.000Z'
  world.replies.push({ status: 200, body: { token: 'a', identity: 'susan', expiresIn: 3600, expiresAt } })
  t.same(await broker.tokenWithDetails('voice'), { token: 'a', identity: 'susan', expiresIn: 3600, expiresAt, products: ['voice'] })
  await world.pass(minute)
  t.same(await broker.tokenWithDetails('voice'), { token: 'a', identity: 'susan', expiresIn: 3540, expiresAt, products: ['voice'] }, 'of the same token later')
  world.replies.push({ status: 200, body: { token: 'b', identity: 'guest-1', expiresIn: 600, expiresAt, products: ['video', 'sync'] } })
  t.has(await broker.tokenWithDetails({ video: { room: 'My Room' }, sync: {} }, { identity: 'guest-1', force: true }), { token: 'b', identity: 'guest-1', products: ['video', 'sync'] })
})

t.test('a signal ends the wait of who gave it, and of nobody else', async t => {
  const { world, broker } = setUp(t)
  const gone = new Error('the page went on')
  world.latency = 1000
  const controller = new AbortController()
  const aborted = t.rejects(broker.token('voice', { signal: controller.signal }), gone)
  const other = broker.token('voice')
  await world.pass(500)
  controller.abort(gone)
  await aborted
  await world.pass(500)
  t.equal(await other, 'token 1')
  await t.rejects(broker.token('voice', { signal: controller.signal }), gone, 'nor is a token at hand given after it')
  t.equal(world.asked.length, 1)
  t.same(world.asked[0]!.body, {})
})

t.test('a signal for many calls keeps no listener of those that have ended', async t => {
  const { world, broker } = setUp(t)
  const { signal } = new AbortController()
  await broker.token('voice', { signal })
  world.replies.push({ status: 403, body: { code: 'not-allowed', detail: 'No.', requestId: 'x' } })
  await t.rejects(broker.token('video', { signal }), { code: 'not-allowed' })
  await broker.token('voice', { signal })
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('headers of its own and a fetch of its own', async t => {
  const { world, broker } = setUp(t, {
    headers: { 'X-Gateway-Key': 'k', 'Content-Type': 'text/plain' },
    fetch: (url, init) => fetch(url.replace('tokens.', 'gateway.'), init)
  })
  await broker.token('voice')
  t.match(world.asked, [{ url: 'https://gateway.example.com/token/voice', authorization: /^Basic /, init: { headers: { 'X-Gateway-Key': 'k', 'Content-Type': 'application/json' } } }])
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

t.test('a broker that takes the question and says nothing is waited for no longer than 30 s', async t => {
  const { world, broker } = setUp(t)
  world.replies.push('silence')
  const asking = broker.token('voice').catch((error: Error) => ({ error, at: world.now }))
  const { now } = world
  await world.pass(minute)
  t.has(await asking, { error: { name: 'RetryError', code: 'no-answer', cause: { name: 'TimeoutError' } }, at: now + 30_000 })
})

t.test('the life of a token is counted from the question, as it may have begun then', async t => {
  const { world, broker } = setUp(t)
  world.latency = 10_000
  const asking = broker.token('voice')
  await world.pass(10_000)
  t.equal(await asking, 'token 1')
  world.latency = 0
  await world.pass(40 * minute - 10_000)
  t.equal(await broker.token('voice'), 'token 2')
})

t.test('credentials come from a function', async t => {
  await t.test('which is called once for all who ask meanwhile', async t => {
    let forms = 0
    const { world, broker } = setUp(t, { async credentials () { forms++; await settle(); return susan } })
    await Promise.all([broker.token('voice'), broker.token('sync'), broker.token('video')])
    t.equal(forms, 1)
    t.equal(world.asked.length, 3)
  })
  const nothing: Array<{ name: string, credentials: TokenBrokerOptions['credentials'], error?: object }> = [
    { name: 'has nothing', credentials: () => undefined },
    { name: 'has null', credentials: async () => null },
    { name: 'has no password', credentials: () => ({ username: 'susan' }) },
    { name: 'has no name', credentials: async () => ({ password: 'secret123' }) },
    { name: 'has an empty password', credentials: () => ({ username: 'susan', password: '' }) },
    { name: 'has an empty name', credentials: () => ({ username: '', password: 'secret123' }) },
    { name: 'has a password that is no text', credentials: () => ({ username: 'susan', password: {} } as never) },
    { name: 'has a text', credentials: () => 'susan:secret123' as never },
    { name: 'throws', credentials: () => { throw new Error('the form was closed') }, error: { cause: { message: 'the form was closed' } } }
  ]
  for (const { name, credentials, error } of nothing) {
    await t.test(`and where it ${name}, nothing is asked`, async t => {
      const { world, broker } = setUp(t, { credentials })
      await t.rejects(broker.token('voice'), { name: 'SignInError', code: 'credentials-missing', ...error })
      t.equal(world.asked.length, 0)
    })
  }
  await t.test('and where it has nothing yet, what is kept waits until there is a token', async t => {
    let password = ''
    const { world, broker, errors } = setUp(t, { credentials: () => ({ username: 'susan', password }) })
    const device = new FakeDevice()
    broker.keep(device, 'voice')
    await world.pass(60 * minute)
    t.has(errors, [{ name: 'SignInError', code: 'credentials-missing' }])
    password = 'secret123'
    t.same([await broker.token('voice'), world.asked.length], ['token 1', 1])
    await world.pass(0)
    t.same(device.given, ['token 1'])
    broker.close()
  })
  await t.test('and from nothing else', t => {
    for (const credentials of [undefined, null, susan, 'susan:secret123']) {
      t.throws(() => new TokenBroker({ credentials } as never), { name: 'TypeError', message: /credentials/ }, typeof credentials)
    }
    t.end()
  })
  await t.test('and where it throws one of the broker\'s errors, that is the error', async t => {
    const { broker } = setUp(t, { credentials () { throw new RetryError('The session is away.', { code: 'session' }) } })
    await t.rejects(broker.token('voice'), { name: 'RetryError', code: 'session' })
  })
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
