import t, { type Test } from 'tap'
import { RetryError, SignInError, TokenBroker, type TokenBrokerOptions } from '../../src/client/index.js'
import { tab } from '../../src/client/tab.js'
import { openSessions, readProof } from './fake-sessions.js'
import { settlesAtOnce } from '../helpers/settle.js'
import { FakeDevice, minute, problem, settle, setUp, susan, type Reply } from './world.js'

const hour = 60 * minute
const basic = `Basic ${btoa('susan:secret123')}`

/** A page of susan's, whose device has the right time, and a broker with sessions. */
function signUp (t: Test, options: Partial<TokenBrokerOptions> = {}) {
  let calls = 0
  const page = setUp(t, { session: true, credentials () { calls++; return susan }, ...options })
  page.world.setWall(page.world.brokerNow * 1000)
  const sessions = openSessions(page.world)
  /** The path of each request, and how it says who asks. */
  const asked = () => page.world.asked.map(({ method, url, authorization }) => `${method} ${new URL(url).pathname} ${authorization.split(' ')[0]}`)
  const broker = new TokenBroker({ url: 'https://tokens.example.com/', credentials () { calls++; return susan }, onError: error => page.errors.push(error), ...options })
  return { ...page, broker, sessions, asked, get calls () { return calls } }
}

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
  t.match(readProof(world.asked[0]!.proof!).claims, { htm: 'POST', htu: 'https://tokens.example.com/session', ath: undefined })
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

t.test('a broker that is where the page is from, below a path or on another origin has its address in the proof', async t => {
  const rows = [
    { url: undefined, address: 'https://page.example/token/voice' },
    { url: '/broker/', address: 'https://page.example/broker/token/voice' },
    { url: new URL('https://TOKENS.example.com:443/a/'), address: 'https://tokens.example.com/a/token/voice' }
  ]
  for (const { url, address } of rows) {
    await t.test(address, async t => {
      const { broker, world } = signUp(t, { url } as Partial<TokenBrokerOptions>)
      world.answer = asked => asked.url.endsWith('/session') ? { status: 201, body: { session: 'ttb_1', expiresIn: 43_200 } } : undefined
      await broker.token('voice')
      t.equal(readProof(world.asked[1]!.proof!).claims.htu, address)
    })
  }
})

t.test('a clock that is wrong is corrected by the broker\'s, at the cost of one more request', async t => {
  for (const [off, requests] of [[0, 2], [50_000, 2], [-50_000, 2], [3 * hour, 3], [-3 * hour, 3], [-1e12, 3]] as const) {
    await t.test(`${off / 1000} s off`, async t => {
      const { broker, world, sessions } = signUp(t)
      world.setWall(world.brokerNow * 1000 + off)
      const late = new TokenBroker({ url: 'https://tokens.example.com', credentials: () => susan })
      await late.token('voice')
      t.equal(world.asked.length, requests)
      await world.pass(hour)
      world.setWall(0)
      await late.token('voice')
      t.equal(world.asked.length, requests + 1, 'and is right from then on, whatever becomes of it')
      t.same(sessions.wrong, [])
      await broker.close()
    })
  }
})

t.test('a proof that comes too late is made anew, once', async t => {
  for (const code of ['proof-stale', 'proof-replayed']) {
    const late: Reply = { status: 401, body: { code, detail: `This is ${code}.`, requestId: 'req-1' } }
    await t.test(`${code} for a token`, async t => {
      const page = signUp(t)
      const { broker, world, sessions } = page
      await broker.token('voice')
      world.replies.push(late)
      t.equal(await broker.token('voice', { force: true }), 'token 2')
      t.equal(world.asked.length, 4)
      world.replies.push(late, late)
      await t.rejects(broker.token('voice', { force: true }), { name: 'RetryError', code, requestId: 'req-1' })
      t.equal(world.asked.length, 6)
      t.equal(await broker.token('voice', { force: true }), 'token 3')
      t.same([page.calls, sessions.signIns], [1, 1])
    })
    await t.test(`${code} at the sign-in`, async t => {
      const page = signUp(t)
      const { broker, world } = page
      world.replies.push(late)
      t.equal(await broker.token('voice'), 'token 1')
      t.equal(page.calls, 1)
      await broker.close()
      world.replies.push(late, late)
      await t.rejects(broker.token('sync'), { name: 'RetryError', code })
    })
  }

  await t.test('as where the nonce is a new one', async t => {
    const { broker, world, sessions, asked } = signUp(t)
    await broker.token('voice')
    sessions.renewNonce()
    await Promise.all([broker.token('sync'), broker.token('chat')])
    t.equal(world.asked.length, 6)
    await broker.token('video')
    t.equal(world.asked.length, 7, 'which is used from then on')
    sessions.renewNonce()
    await broker.close()
    t.same(asked().slice(-2), ['DELETE /session DPoP', 'DELETE /session DPoP'])
    t.equal(sessions.open.size, 0)
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
    t.match(errors, [{ name: 'SignInError', code: 'credentials-wrong' }])
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
    t.match(errors, [{ name: 'SignInError', code: 'session-ended' }])
    await broker.close()
  })
})

t.test('where the first proof is already wrong, the page goes on with the password, and is told once', async t => {
  const wrong = problem(401, 'proof-wrong')
  for (const where of ['/session', '/token/voice']) {
    await t.test(`at ${where}`, async t => {
      const page = signUp(t)
      const { broker, world, errors, asked } = page
      const { answer } = world
      world.answer = question => question.proof !== null && question.url.endsWith(where) ? wrong : answer(question)
      t.equal(await broker.token('voice'), 'token 1')
      t.match(errors, [{ name: 'RetryError', code: 'proof-wrong', detail: 'This is proof-wrong.', requestId: 'req-1' }])
      world.asked.length = 0
      await broker.token('sync')
      await broker.token('chat')
      t.same(asked(), ['POST /token/sync Basic', 'POST /token/chat Basic'])
      t.equal(errors.length, 1)
      await broker.close()
      t.equal(world.asked.length, 2)
    })
  }
})

t.test('where a later proof is wrong, the page signs in again, once, and then stops', async t => {
  const page = signUp(t)
  const { broker, world, errors, asked, sessions } = page
  await broker.token('voice')
  world.replies.push(problem(401, 'proof-wrong'))
  t.equal(await broker.token('sync'), 'token 2')
  t.same([page.calls, sessions.signIns, errors], [2, 2, []])
  world.asked.length = 0
  world.answer = ({ url }) => url.endsWith('/session') ? { status: 201, body: { session: 'ttb_9', expiresIn: 43_200 } } : problem(401, 'proof-wrong')
  broker.keep(new FakeDevice(), 'chat')
  await world.pass(24 * hour)
  t.same(asked(), ['POST /token/chat DPoP', 'POST /session Basic', 'POST /token/chat DPoP'])
  t.match(errors, [{ name: 'SignInError', code: 'proof-wrong' }])

  await t.test('also where it is wrong at the sign-in', async t => {
    world.always = problem(401, 'proof-wrong')
    await t.rejects(broker.token('chat'), { name: 'SignInError', code: 'proof-wrong' })
    t.equal(asked().at(-1), 'POST /session Basic')
  })
  await broker.close()
})

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

t.test('a page whose application the broker is part of sends its cookie, and nothing that another site could send', async t => {
  const page = signUp(t, { url: '/twilio', credentials: 'same-origin' })
  const { broker, world, errors } = page
  await Promise.all([broker.token('voice'), broker.token('sync', { ttl: 600 })])
  t.same(world.asked.map(({ method, url }) => `${method} ${url}`), ['POST /twilio/token/voice', 'POST /twilio/token/sync'], 'it opens no session')
  for (const { init, proof } of world.asked) {
    t.strictSame(init.headers, { 'Content-Type': 'application/json', 'X-Requested-With': 'fetch' })
    t.match(init, { credentials: 'same-origin', redirect: 'manual' })
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
  t.match(errors, [{ code: 'credentials-missing' }])
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
