import t from 'tap'
import { TokenBroker, type TokenBrokerOptions } from '../../src/client/index.js'
import { readProof, signUp } from './fake-sessions.js'
import { FakeDevice, minute, problem, susan, type Reply } from './world.js'

const hour = 60 * minute

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

t.test('where the first proof is already wrong, the page goes on with the password, and is told once', async t => {
  const wrong = problem(401, 'proof-wrong')
  for (const where of ['/session', '/token/voice']) {
    await t.test(`at ${where}`, async t => {
      const page = signUp(t)
      const { broker, world, errors, asked } = page
      const { answer } = world
      world.answer = question => question.proof !== null && question.url.endsWith(where) ? wrong : answer(question)
      t.equal(await broker.token('voice'), 'token 1')
      t.has(errors, [{ name: 'RetryError', code: 'proof-wrong', detail: 'This is proof-wrong.', requestId: 'req-1' }])
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
  t.has(errors, [{ name: 'SignInError', code: 'proof-wrong' }])

  await t.test('also where it is wrong at the sign-in', async t => {
    world.always = problem(401, 'proof-wrong')
    await t.rejects(broker.token('chat'), { name: 'SignInError', code: 'proof-wrong' })
    t.equal(asked().at(-1), 'POST /session Basic')
  })
  await broker.close()
})
