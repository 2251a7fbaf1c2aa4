import t from 'tap'
import { TokenBroker, type TokenBrokerOptions } from '../../src/client/index.js'
import { tab } from '../../src/client/tab.js'
import { basic, signUp } from './fake-sessions.js'
import { FakeDevice, minute, problem, susan, type Reply } from './world.js'

const hour = 60 * minute

t.test('without sessions each request brings the password', async t => {
  const direct = ['POST /token/voice Basic', 'POST /token/sync Basic']

  await t.test('as the page wants it', async t => {
    const page = signUp(t, { session: false })
    await page.broker.token('voice')
    await page.broker.token('sync')
    t.same(page.asked(), direct)
    t.equal(page.calls, 2)
  })

  await t.test('as a page has no WebCrypto that came by plain http', async t => {
    for (const crypto of [undefined, {}]) {
      const { credentials, ...page } = { ...signUp(t), credentials: () => susan }
      Object.assign(globalThis, { crypto })
      const broker = new TokenBroker({ url: 'https://tokens.example.com', credentials, keep: tab })
      await broker.token('voice')
      await broker.token('sync')
      t.same(page.asked(), direct)
    }
  })

  const others: Record<string, Reply> = {
    'the broker has none': problem(404, 'not-found'),
    'the broker knows no such method': problem(405, 'method-not-allowed'),
    'a proxy has 404': { status: 404, body: '<html>' },
    'a proxy has 502': { status: 502, body: '<html>' },
    'a proxy has its page for everything': { status: 200, body: '<html>' },
    'a proxy redirects': { status: 0, body: '' },
    'the application has its own /session': { status: 200, body: { session: 'abc', expiresIn: 3600 } },
    'the application has its own 401': { status: 401, body: { code: 'unauthorized', detail: 'No.' } },
    'it answers with a session without its life': { status: 201, body: { session: 'ttb_1' } }
  }
  for (const [why, reply] of Object.entries(others)) {
    await t.test(`as ${why}`, async t => {
      const { broker, world, asked, errors } = signUp(t)
      world.answer = ({ url }) => url.endsWith('/session') ? reply : undefined
      await broker.token('voice')
      await broker.token('sync')
      t.same(asked(), ['POST /session Basic', ...direct])
      t.ok(world.asked.every(({ authorization }) => authorization === basic))
      await broker.close()
      t.same([world.asked.length, errors], [3, []])
    })
  }

  await t.test('for once, as nobody answers there: next time it may be there', async t => {
    const { broker, world, asked, sessions } = signUp(t)
    world.replies.push('no answer')
    await broker.token('voice')
    await broker.token('sync')
    t.same(asked(), ['POST /session Basic', 'POST /token/voice Basic', 'POST /session Basic', 'POST /token/sync DPoP'])
    t.same(sessions.wrong, [])
    await broker.close()
  })

  await t.test('not before the broker has given a token', async t => {
    const page = signUp(t)
    const { broker, world, asked } = page
    world.always = { status: 404, body: '<html>' }
    await t.rejects(broker.token('voice'), { name: 'RetryError', code: 'not-the-broker' })
    world.always = undefined
    await broker.token('voice')
    t.same(asked(), ['POST /session Basic', 'POST /token/voice Basic', 'POST /session Basic', 'POST /token/voice DPoP'])
    await broker.close()
  })
})

t.test('a page whose application the broker is part of sends its cookie, and nothing that another site could send', async t => {
  const page = signUp(t, { url: '/twilio', credentials: 'same-origin' })
  const { broker, world, errors } = page
  await Promise.all([broker.token('voice'), broker.token('sync', { ttl: 600 })])
  t.same(world.asked.map(({ method, url }) => `${method} ${url}`), ['POST /twilio/token/voice', 'POST /twilio/token/sync'], 'it opens no session')
  for (const { init, proof } of world.asked) {
    t.strictSame(init.headers, { 'Content-Type': 'application/json', 'X-Requested-With': 'fetch' })
    t.has(init, { credentials: 'same-origin', redirect: 'manual' })
    t.equal(proof, null)
  }
  const device = new FakeDevice()
  broker.keep(device, 'voice')
  await world.pass(hour)
  t.ok(device.given.length > 0, 'it is kept like any other')

  world.replies.push(problem(401, 'credentials-missing'))
  await t.rejects(broker.token('voice', { force: true }), { name: 'SignInError', code: 'credentials-missing' })
  await broker.token('voice', { force: true })
  world.replies.push(problem(403, 'origin-refused'))
  await t.rejects(broker.token('voice', { force: true }), { name: 'RefusedError', code: 'origin-refused' })
  await broker.close()
  t.same([page.calls, errors], [0, []])
})

t.test('who was not signed in with the application is asked about anew, as the cookie may have become another', async t => {
  const { broker, world, errors } = signUp(t, { credentials: 'same-origin' })
  const devices = [new FakeDevice(), new FakeDevice()]
  for (const [i, device] of devices.entries()) broker.keep(device, 'voice', { ttl: 600 + i })
  world.always = problem(401, 'credentials-missing')
  for (const device of devices) device.emit('tokenWillExpire')
  await world.pass(minute)
  t.equal(world.asked.length, 2, 'each asks once, and rests')
  t.has(errors, [{ code: 'credentials-missing' }])
  world.always = undefined
  await broker.token('sync')
  await world.pass(minute)
  t.ok(devices.every(({ given }) => given.length > 0))
  await broker.close()
})

t.test('other credentials by that name are refused', async t => {
  for (const credentials of ['include', 'same-site', '', {}]) t.throws(() => new TokenBroker({ credentials } as unknown as TokenBrokerOptions), { name: 'TypeError', message: 'credentials is not a function.' })
})

t.test('a bearer token of the application\'s own goes with each request, and opens no session', async t => {
  let bearer = 'first'
  const page = signUp(t, { credentials: () => ({ bearer }) })
  const { broker, world, asked } = page
  await broker.token('voice')
  bearer = 'second'
  await broker.token('sync')
  t.same(world.asked.map(({ authorization }) => authorization), ['Bearer first', 'Bearer second'])
  t.same(asked(), ['POST /token/voice Bearer', 'POST /token/sync Bearer'])

  await t.test('is asked for once more when it has expired', async t => {
    world.replies.push(problem(401, 'bearer-expired'))
    await broker.token('chat')
    t.equal(world.asked.length, 4)
    world.replies.push(problem(401, 'bearer-expired'), problem(401, 'bearer-expired'))
    await t.rejects(broker.token('video'), { name: 'SignInError', code: 'bearer-expired' })
    t.equal(world.asked.length, 6)
  })

  for (const code of ['bearer-wrong', 'bearer-misdirected']) {
    await t.test(`is not tried again after ${code}`, async t => {
      const { length } = world.asked
      world.replies.push(problem(401, code))
      await t.rejects(broker.token('video'), { name: 'SignInError', code })
      t.equal(world.asked.length, length + 1)
    })
  }
  await broker.close()
})
