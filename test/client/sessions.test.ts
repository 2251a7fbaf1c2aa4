import t from 'tap'
import { RetryError, SignInError } from '../../src/client/index.js'
import { settlesAtOnce } from '../helpers/settle.js'
import { basic, readProof, signUp } from './fake-sessions.js'
import { FakeDevice, minute, problem, settle, susan, type Reply } from './world.js'

const hour = 60 * minute

t.test('a page signs in once, and shows its password to nobody afterwards', async t => {
  const page = signUp(t)
  const { world, broker, sessions, errors, asked } = page
  const device = new FakeDevice()
  await Promise.all([broker.token('voice'), broker.token('sync')])
  broker.keep(device, 'voice')
  await world.pass(3 * hour)
  t.ok(device.given.length >= 4)
  t.same([page.calls, sessions.signIns, sessions.wrong, errors], [1, 1, [], []])
  t.same(new Set(asked()), new Set(['POST /session Basic', 'POST /token/voice DPoP', 'POST /token/sync DPoP']))
  t.equal(asked()[0], 'POST /session Basic')
  const ids = world.asked.map(({ proof }) => readProof(proof!).claims.jti)
  t.equal(new Set(ids).size, ids.length)
  t.has(readProof(world.asked[0]!.proof!).claims, { htm: 'POST', htu: 'https://tokens.example.com/session', ath: undefined })
  await broker.close()
})

t.test('S41: the key cannot be read', async t => {
  const { subtle } = crypto
  const randomUUID = () => `id ${Math.max(0, world.asked.length)}`
  const made: Array<{ privateKey: Parameters<typeof subtle.sign>[1] }> = []
  const { broker, world } = signUp(t)
  const generateKey = async (...args: Parameters<typeof subtle.generateKey>) => {
    const pair = await subtle.generateKey(...args) as (typeof made)[0]
    made.push(pair)
    return pair
  }
  const watched = globalThis.crypto.subtle
  Object.assign(globalThis, { crypto: { randomUUID, subtle: { generateKey, exportKey: watched.exportKey, sign: watched.sign, digest: watched.digest } } })
  await broker.token('voice')
  t.equal(made.length, 1)
  await t.rejects(subtle.exportKey('jwk', made[0]!.privateKey), { message: 'key is not extractable' })
  await t.rejects(subtle.exportKey('pkcs8', made[0]!.privateKey), { message: 'key is not extractable' })
  t.notMatch(JSON.stringify(world.asked.map(({ proof }) => readProof(proof!).header)), /"d"/)
  await broker.close()
})

t.test('a sign-in that the broker refuses is no token', async t => {
  const rows: Array<{ reply: Reply, is: { name: string, code: string, retryAfter?: number } }> = [
    { reply: problem(401, 'credentials-wrong'), is: { name: 'SignInError', code: 'credentials-wrong' } },
    { reply: problem(429, 'login-limited', { 'Retry-After': '40' }), is: { name: 'LockedError', code: 'login-limited', retryAfter: 40 } },
    { reply: problem(503, 'store-unavailable', { 'Retry-After': '1' }), is: { name: 'RetryError', code: 'store-unavailable' } }
  ]
  for (const { reply, is } of rows) {
    await t.test(JSON.stringify(is), async t => {
      const { broker, world, asked } = signUp(t)
      world.replies.push(reply)
      await t.rejects(broker.token('voice'), is)
      t.same(asked(), ['POST /session Basic'])
      t.equal(await broker.token('voice'), 'token 1')
      await broker.close()
    })
  }

  await t.test('and a page that has not signed in yet opens none', async t => {
    const { broker, world } = signUp(t, { credentials: () => ({ username: 'susan', password: '' }) })
    await t.rejects(broker.token('voice'), SignInError)
    t.equal(world.asked.length, 0)
  })
})

t.test('when the session has ended, the page signs in again, once', async t => {
  await t.test('for all that ask meanwhile', async t => {
    const page = signUp(t)
    const { broker, world, sessions } = page
    await broker.token('voice')
    sessions.end()
    world.latency = 10
    const tokens = Promise.all([broker.token('sync'), broker.token('chat'), broker.token('video')])
    await world.pass(minute)
    t.equal(new Set(await tokens).size, 3)
    t.same([page.calls, sessions.signIns], [2, 2])
    world.latency = 0
    await broker.close()
  })

  await t.test('and where the password is another one, it is asked to sign in, once', async t => {
    const page = signUp(t)
    const { broker, world, sessions, errors } = page
    const sdks = [new FakeDevice(), new FakeDevice(), new FakeDevice()] as const
    broker.keep(sdks[0], 'voice')
    broker.keep(sdks[1], 'sync')
    broker.keep(sdks[2], 'chat')
    await world.pass(minute)
    sessions.password = 'another1'
    sessions.end()
    await world.pass(hour)
    t.has(errors, [{ name: 'SignInError', code: 'credentials-wrong' }])
    t.ok(errors.every(error => error instanceof SignInError))
    const { length } = world.asked
    await world.pass(24 * hour)
    t.equal(world.asked.length, length, 'and then rests')
    t.equal(world.asked.filter(({ authorization }) => authorization.startsWith('Basic')).length, 2)
    sessions.password = 'secret123'
    await broker.token('voice')
    await world.pass(0)
    t.same(sdks.map(({ given }) => given.length), [2, 2, 2])
    await broker.close()
  })

  await t.test('and where the next one has ended as well, it stops', async t => {
    const page = signUp(t)
    const { broker, world, errors, asked } = page
    await broker.token('voice')
    world.answer = ({ url }) => url.endsWith('/session') ? { status: 201, body: { session: 'ttb_2', expiresIn: 43_200 } } : problem(401, 'session-ended')
    broker.keep(new FakeDevice(), 'sync')
    await world.pass(24 * hour)
    t.same(asked().slice(2), ['POST /token/sync DPoP', 'POST /session Basic', 'POST /token/sync DPoP'])
    t.has(errors, [{ name: 'SignInError', code: 'session-ended' }])
    await broker.close()
  })
})

t.test('what is not of the session is no reason to sign in again', async t => {
  const page = signUp(t)
  const { broker, world, sessions } = page
  await broker.token('voice')
  for (const reply of [problem(403, 'not-allowed'), problem(429, 'caller-limited'), problem(503, 'overloaded'), problem(500, 'internal'), { status: 502, body: '<html>' }, 'no answer'] as Reply[]) {
    world.replies.push(reply)
    await t.rejects(broker.token('sync'))
  }
  world.replies.push('no answer')
  t.equal(await broker.token('voice'), 'token 1')
  await t.rejects(async () => { world.replies.push('no answer'); await broker.token('voice', { force: true }) }, RetryError)
  t.same([page.calls, sessions.signIns], [1, 1])
  await broker.close()
})

t.test('close() ends the session', async t => {
  await t.test('by a request that outlives the page', async t => {
    const { broker, world, sessions, asked } = signUp(t)
    await broker.token('voice')
    await broker.close()
    t.equal(asked().at(-1), 'DELETE /session DPoP')
    t.equal(world.asked.at(-1)!.init.keepalive, true)
    t.same([sessions.open.size, sessions.wrong], [0, []])
    await broker.close()
    t.equal(world.asked.length, 3, 'once')
  })

  await t.test('also one that is just being opened', async t => {
    const { broker, world, sessions } = signUp(t)
    world.latency = 1000
    const token = broker.token('voice').catch(() => {})
    await settle()
    const closed = broker.close()
    await world.pass(minute)
    await closed
    t.equal(sessions.open.size, 0)
    await token
  })

  await t.test('and does not wait for a form that nobody fills in', async t => {
    for (const session of [true, false]) {
      const forms: Array<(filledIn: typeof susan) => void> = []
      const { broker, world } = signUp(t, { session, credentials: () => new Promise(resolve => forms.push(resolve)) })
      const before = broker.token('voice')
      before.catch(() => {})
      await settle()
      t.ok(await settlesAtOnce(broker.close()), 'it ends')
      t.ok(await settlesAtOnce(before), 'and so does who waits for a token')
      await t.rejects(before, { name: 'SignInError', code: 'credentials-missing' })
      const after = broker.token('voice')
      await settle()
      for (const fillIn of forms) fillIn(susan)
      t.equal(await after, 'token 1', 'the next one shows the form anew')
      t.equal(world.asked.filter(({ authorization }) => authorization === basic).length, 1, 'and what is filled in later is not sent')
      await broker.close()
    }
  })

  await t.test('and does not mind where that fails, or there is none', async t => {
    const { broker, world } = signUp(t)
    await broker.close()
    t.equal(world.asked.length, 0)
    for (const reply of ['no answer', problem(401, 'session-ended'), problem(503, 'limiter-unavailable')] as Reply[]) {
      await broker.token('voice', { force: true })
      world.replies.push(reply)
      await broker.close()
    }
  })

  await t.test('and a token after that begins with another sign-in', async t => {
    const page = signUp(t)
    await page.broker.token('voice')
    await page.broker.close()
    t.equal(await page.broker.token('voice'), 'token 2', 'as no token is remembered')
    t.same([page.calls, page.sessions.signIns], [2, 2])
    await page.broker.close()
    page.world.replies.push('no answer', 'no answer')
    await t.rejects(page.broker.token('voice'), RetryError, 'nor stands in for one that is not there')
  })

  await t.test('and a token that was under way is not for who asks after that', async t => {
    const page = signUp(t)
    await page.broker.token('voice')
    page.world.latency = 1000
    const before = page.broker.token('sync')
    await settle()
    const closed = page.broker.close()
    const after = page.broker.token('sync')
    await page.world.pass(minute)
    await Promise.all([before.catch(() => {}), closed])
    t.equal(await after, 'token 3')
    t.same([page.calls, page.sessions.signIns], [2, 2])
    page.world.latency = 0
    await page.broker.close()
  })
})
