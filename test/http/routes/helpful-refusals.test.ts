import t from 'tap'
import { basic, startBroker, susan } from '../../helpers/broker.js'
import { ask, type Ask } from '../../helpers/http.js'

const broker = await startBroker({ settings: { OPERATORS: 'susan' } })
const withoutSessions = await startBroker({ settings: { SESSION_TTL: '0' } })
t.teardown(() => Promise.all([broker.close(), withoutSessions.close()]))

t.test('S146: the call of Twilio\'s quickstarts, GET /token?identity=…, is answered with the routes to use', async t => {
  for (const method of ['GET', 'PUT', 'QUERY']) {
    for (const as of [undefined, susan]) {
      const answer = await ask(broker.url, { method, path: '/token?identity=secretkey', as })
      t.has(answer, { status: 405, headers: { allow: 'POST' }, body: { code: 'method-not-allowed' } })
      for (const product of ['voice', 'video', 'sync', 'chat', 'conversations']) t.ok(answer.body.detail.includes(`/token/${product}`), product)
      t.match(answer.body.detail, /Sign in with each request: your credentials decide the identity/)
      t.notMatch(answer.text, /secretkey/)
    }
  }
})

t.test('a query on a token route is refused with the place where it belongs', async t => {
  const rows: Ask[] = [{ path: '/token/video?room=secretkey' }, { method: 'GET', path: '/token/video?room=secretkey' }, { path: '/token?room=secretkey', body: {} }]
  for (const row of rows) {
    const answer = await ask(broker.url, { as: susan, ...row })
    t.has(answer, { status: 400, body: { code: 'request-invalid' } })
    t.match(answer.body.errors, [{ path: '?', message: /no query is taken here; put what you ask for into the JSON body of a POST/ }])
    t.notMatch(answer.text, /secretkey/)
  }
  t.has(await ask(broker.url, { method: 'GET', path: '/openapi.json?x=1', as: susan }), { status: 400, body: { errors: [{ path: '?', message: 'nothing is taken here' }] } })
})

t.test('unknown properties are answered with the known ones, the nearest first, and not repeated', async t => {
  const rows: Array<{ path: string, body: object, at?: string, known: string }> = [
    { path: '/token/video', body: { rooom: 'a' }, known: 'room, ttl, identity' },
    { path: '/token/video', body: { tll: 600 }, known: 'ttl, room, identity' },
    { path: '/token/video', body: { Identitty: 'a' }, known: 'identity, ttl, room' },
    { path: '/token/video', body: { tll: 600, identitty: 'a' }, known: 'ttl, identity, room' },
    { path: '/token/voice', body: { param: {} }, known: 'params, push, ttl, incoming, outgoing, identity' },
    { path: '/token', body: { products: { voice: { outgoin: true } } }, at: '/products/voice', known: 'outgoing, incoming, push, params' },
    { path: '/token', body: { product: { video: {} } }, known: 'products, ttl, identity, password, username' }
  ]
  for (const { path, body, at = '', known } of rows) {
    const says = JSON.stringify(body)
    const answer = await ask(broker.url, { path, body, as: susan })
    t.equal(answer.status, 400, says)
    t.strictSame(answer.body.errors, [{ path: at, message: `has an unknown property; known are ${known}` }], says)
  }
})

t.test('without credentials the answer says every way to sign in that is on and that the route takes', async t => {
  const basicUsage = 'a name and a password as HTTP Basic credentials (RFC 7617) or, at POST /token, as username and password in the JSON body'
  const sessionUsage = 'a session that POST /session opened, as Authorization: DPoP with a proof in the header DPoP (RFC 9449)'
  const rows: Array<{ url?: string, asked: Ask, usages: string }> = [
    { asked: {}, usages: `${basicUsage}; or ${sessionUsage}` },
    { asked: { path: '/token', body: {} }, usages: `${basicUsage}; or ${sessionUsage}` },
    { asked: { path: '/token/nope' }, usages: `${basicUsage}; or ${sessionUsage}` },
    { asked: { method: 'GET', path: '/metrics' }, usages: basicUsage },
    { asked: { method: 'DELETE', path: '/session' }, usages: sessionUsage },
    { url: withoutSessions.url, asked: {}, usages: basicUsage }
  ]
  for (const { url = broker.url, asked, usages } of rows) {
    t.has(await ask(url, asked), { status: 401, body: { code: 'credentials-missing', detail: `This route needs credentials. Send ${usages}.` } }, JSON.stringify(asked))
  }
})

t.test('a wrong name and a wrong password are answered in the same plain words', async t => {
  for (const as of [basic('nobody', 'secret123'), basic('susan', 'wrong-one'), 'Basic !!!']) {
    t.has(await ask(broker.url, { as }), { status: 401, body: { code: 'credentials-wrong', detail: 'Wrong username or password. Check both, or ask the operator of this broker for a new password.' } })
  }
})
