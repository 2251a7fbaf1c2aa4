import secureSession from '@fastify/secure-session'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { applicationIdentity } from '../../src/callers/stores/identify.js'
import { IdentityOwners } from '../../src/callers/stores/identity-owners.js'
import type { BrokerOptions } from '../../src/index.js'
import { basic, susan } from '../helpers/broker.js'
import { application, settings, token, type ApplicationOptions, type Embedded } from '../helpers/embedded.js'
import { ask, type Answer, type Ask } from '../helpers/http.js'
import { startProvider } from '../helpers/provider.js'
import { until } from '../helpers/until.js'

const evil = 'https://evil.example'
/** What careless code may throw. */
const nothing: unknown = undefined
const challenge = 'Application realm="twilio-token-broker"'

/** An application whose users have a sealed cookie. */
async function withCookies (t: { teardown (close: () => Promise<void>): void }, options: Embedded = {}, more: ApplicationOptions = {}) {
  const asked: FastifyRequest[] = []
  const app = await application({
    ...more,
    setUp (app: FastifyInstance) {
      app.register(secureSession, { key: Buffer.alloc(32, 'k'), cookie: { path: '/', httpOnly: true, sameSite: 'lax' } })
      app.post('/login/:user', async request => {
        (request.session as unknown as { set (key: string, value: unknown): void }).set('user', (request.params as { user: string }).user)
        return {}
      })
    },
    brokers: [{
      identify: (async (request: FastifyRequest) => {
        asked.push(request)
        const user = (request.session as unknown as { get (key: string): string | undefined }).get('user')
        return user === undefined ? null : { name: user, identity: `id_${user}`, groups: user === 'susan' ? ['staff'] : null }
      }) as BrokerOptions['identify'],
      ...options
    } as Embedded]
  })
  t.teardown(app.close)
  const { headers } = await ask(app.url, { path: '/login/susan', body: {} })
  const cookie = headers['set-cookie']![0]!.split(';', 1)[0]!
  const page = (request: Ask = {}): Promise<Answer> => ask(app.url, {
    path: token,
    body: {},
    ...request,
    headers: { Cookie: cookie, 'X-Requested-With': 'fetch', Origin: app.url, 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', ...request.headers }
  })
  return { ...app, asked, cookie, page }
}

t.test('whoever is signed in with the application gets tokens by its cookie, under the policy, the limits and the audit', async t => {
  const policy = 'rules:\n  - { who: ["group:staff"], allow: { video: { rooms: [staff] } } }\n  - { who: [kim], allow: {} }\n'
  const { page, audit, asked, url } = await withCookies(t, { settings: { POLICY_FILE: 'policy.yaml', CALLER_LIMIT_MAX: 4 } }, { files: { 'policy.yaml': policy } })
  const answer = await page()
  t.has(answer, { status: 200, headers: { 'cache-control': 'no-store' }, body: { identity: 'id_susan' } })
  t.match(answer.body.token, /^eyJ/)
  t.has((await audit()).at(-1), { event: 'token.issued', caller: 'susan', identity: 'id_susan', via: 'application', origin: url, grants: { video: { room: 'staff' } } })
  t.has(asked[0], { url: token, caller: 'the application\'s own caller' }, 'it is handed the application\'s own request')
  t.has(await page({ path: '/twilio/token', body: { products: { video: {} } } }), { status: 200, body: { products: ['video'] } })
  t.match(await page({ body: undefined, headers: { 'Content-Type': 'application/json; charset=utf-8' } }), { status: 200 }, 'a body may be left out')
  t.has(await page({ body: { room: 'attic' } }), { status: 403, body: { code: 'not-allowed' } })
  t.has((await audit()).at(-1), { event: 'token.refused', caller: 'susan', via: 'application', code: 'not-allowed' })
  t.has(await page(), { status: 429, body: { code: 'caller-limited' } })
  t.has(await page({ body: { unknown: 1 } }), { status: 400, body: { code: 'request-invalid' } })
  t.has(await page({ path: '/twilio/token/nope' }), { status: 404, body: { code: 'product-unknown' } })
  const login = await ask(url, { path: '/login/kim', body: {} })
  t.has(await page({ headers: { Cookie: login.headers['set-cookie']![0]! } }), { status: 403, body: { code: 'not-allowed' } })
  t.has((await audit()).at(-1), { caller: 'kim' })
})

t.test('without authenticate a changed policy is taken up, too', async t => {
  const policy = (room: string) => `rules:\n  - { who: [susan], allow: { video: { rooms: [${room}] } } }\n`
  const { page, write } = await withCookies(t, { settings: { POLICY_FILE: 'policy.yaml' }, authenticate: undefined }, { files: { 'policy.yaml': policy('lobby') } })
  t.match(await page({ body: { room: 'lobby' } }), { status: 200 })
  await write('policy.yaml', policy('attic'))
  await until(async () => (await page({ body: { room: 'lobby' } })).status === 403)
  t.match(await page({ body: { room: 'attic' } }), { status: 200 })
})

const form = { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Mode': 'navigate', 'X-Requested-With': '' }
const refused = { status: 403, body: { code: 'origin-refused' } }
const missing = { status: 401, body: { code: 'credentials-missing' } }

/** What others can make the browser of a user send, who is signed in. */
const forged: Array<{ title: string, request: Ask, gets: object }> = [
  { title: 'a form of another site', request: { body: 'room=x', headers: { ...form, Origin: evil, 'Sec-Fetch-Site': 'cross-site' } }, gets: refused },
  { title: 'the same by a browser that sends no Sec-Fetch headers', request: { body: 'room=x', headers: { ...form, Origin: evil, 'Sec-Fetch-Site': '', 'Sec-Fetch-Mode': '' } }, gets: refused },
  { title: 'a form whose text is JSON', request: { body: '{"a":"="}', headers: { ...form, 'Content-Type': 'text/plain', Origin: evil, 'Sec-Fetch-Site': 'cross-site' } }, gets: refused },
  { title: 'fetch with no-cors', request: { headers: { 'Content-Type': 'text/plain', Origin: evil, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'X-Requested-With': '' } }, gets: refused },
  { title: 'fetch with no-cors that could send all headers', request: { headers: { Origin: evil, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' } }, gets: refused },
  { title: 'the origin null, as of a sandboxed frame', request: { headers: { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' } }, gets: refused },
  { title: 'an origin that may use the broker with a password', request: { headers: { Origin: 'https://listed.example', 'Sec-Fetch-Site': 'cross-site' } }, gets: refused },
  { title: 'another port of the same host', request: { headers: { Origin: 'http://127.0.0.1:1', 'Sec-Fetch-Site': 'same-site' } }, gets: refused },
  { title: 'a name of the attacker\'s that leads here', request: { headers: { Origin: 'http://rebound.example', Host: 'rebound.example' } }, gets: refused },
  { title: 'no origin', request: { headers: { Origin: '', 'Sec-Fetch-Site': '', 'Sec-Fetch-Mode': '' } }, gets: refused },
  { title: 'no origin, though the browser says it is the same', request: { headers: { Origin: '' } }, gets: refused },
  { title: 'no X-Requested-With', request: { headers: { 'X-Requested-With': '' } }, gets: missing },
  { title: 'no JSON', request: { body: '{}', headers: { 'Content-Type': 'text/plain' } }, gets: missing },
  { title: 'a type that only looks like JSON', request: { body: '{}', headers: { 'Content-Type': 'application/jsonp' } }, gets: missing },
  { title: 'no type', request: { body: undefined }, gets: missing },
  { title: 'a GET', request: { method: 'GET', body: undefined, headers: { 'Content-Type': 'application/json' } }, gets: missing },
  { title: 'a HEAD', request: { method: 'HEAD', body: undefined }, gets: { status: 405 } },
  { title: 'a password in the body', request: { body: { username: 'susan', password: 'secret123' } }, gets: missing },
  { title: 'half a password in the body', request: { body: { password: 'secret123' } }, gets: missing },
  { title: 'a wrong password in the body of /token', request: { path: '/twilio/token', body: { username: 'susan', password: 'x' } }, gets: { status: 401, body: { code: 'credentials-wrong' } } },
  { title: 'a password in the header', request: { as: basic('susan', 'x') }, gets: { status: 401, body: { code: 'credentials-wrong' } } },
  { title: 'an Authorization that is not taken', request: { as: 'Application x' }, gets: missing },
  { title: 'a product that there is not, without an origin', request: { path: '/twilio/token/nope', headers: { Origin: '' } }, gets: refused },
  { title: 'a session', request: { path: '/twilio/session' }, gets: { status: 401, body: { code: 'proof-wrong' } } },
  { title: 'the description of the routes', request: { method: 'GET', path: '/twilio/openapi.json', body: undefined }, gets: missing }
]

t.test('S3: what another site makes a browser send, with the cookie of a user who is signed in, never reaches identify', async t => {
  const { page, asked, audit } = await withCookies(t, { settings: { CORS_ORIGINS: 'https://listed.example', SESSION_TTL: 600 } })
  for (const { title, request, gets } of forged) {
    t.has(await page(request), gets, title)
    t.equal(asked.length, 0, title)
  }
  t.equal((await audit()).filter(({ event }) => event !== 'token.refused').length, 0)
  t.match(await page(), { status: 200 })
})

t.test('no page of another origin is allowed the headers that it would take', async t => {
  const { url } = await withCookies(t, { settings: { CORS_ORIGINS: 'https://listed.example' } }, { preflight: false })
  const { headers } = await ask(url, { method: 'OPTIONS', path: token, headers: { Origin: 'https://listed.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type,x-requested-with' } })
  t.notMatch(headers['access-control-allow-headers'], /x-requested-with/i)
  t.notOk(headers['access-control-allow-credentials'])
})

t.test('behind a proxy the pages are those of PUBLIC_URL', async t => {
  const { page } = await withCookies(t, { settings: { PUBLIC_URL: 'https://app.example.com/' } })
  t.match(await page({ headers: { Origin: 'https://app.example.com' } }), { status: 200 })
  t.has(await page({ headers: { Origin: 'http://app.example.com' } }), refused)
})

t.test('nobody who is signed in is 401, with no challenge that a browser answers by a dialog', async t => {
  const { page, asked, audit } = await withCookies(t)
  for (const path of [token, '/twilio/token', '/twilio/token/nope']) {
    const answer = await page({ path, headers: { Cookie: 'session=forged' } })
    t.has(answer, { status: 401, headers: { 'www-authenticate': challenge }, body: { code: 'credentials-missing' } }, path)
  }
  t.equal(asked.length, 3)
  const lines = await audit().catch(() => [])
  t.same(lines, [], 'it is counted, and has no line')
  t.has(await page({ headers: { 'X-Requested-With': '' } }), { headers: { 'www-authenticate': 'Basic realm="twilio-token-broker", charset="UTF-8", Application realm="twilio-token-broker"' } }, 'other requests hear of all schemes')
})

const outage = { status: 503, headers: { 'retry-after': '5' }, body: { code: 'store-unavailable' } }
/** What identify may do, and what the log says of it. */
const answers: Array<{ title: string, identify: () => unknown, gets: object, says?: RegExp }> = [
  { title: 'throws', identify: () => { throw new Error('the sessions are away') }, gets: outage, says: /the sessions are away/ },
  { title: 'rejects', identify: async () => { throw nothing }, gets: outage },
  { title: 'undefined', identify: () => undefined, gets: outage, says: /identify returned neither an object nor null/ },
  { title: 'true', identify: () => true, gets: outage },
  { title: 'text', identify: () => 'susan', gets: outage },
  { title: 'list', identify: () => [{ name: 'susan' }], gets: outage },
  { title: 'no name', identify: () => ({ identity: 'susan' }), gets: outage, says: /identify answered a name that is not a text/ },
  { title: 'a name of a bearer token', identify: () => ({ name: 'jwt:susan' }), gets: outage, says: /identify answered a name that no caller can have/ },
  { title: 'an identity that is a number', identify: () => ({ name: 'susan', identity: 7 }), gets: outage, says: /identify answered an identity that is not a text, or is empty/ },
  { title: 'groups in one text', identify: () => ({ name: 'susan', groups: 'staff' }), gets: outage, says: /identify answered groups that are not a list/ },
  { title: 'the identity of another', identify: () => ({ name: 'kim', identity: 'susan' }), gets: outage, says: /identify gave a caller the name or identity of another one/ },
  { title: 'null', identify: () => null, gets: missing },
  { title: 'a name alone', identify: () => ({ name: 'susan' }), gets: { status: 200, body: { identity: 'susan' } } }
]

t.test('S5: what identify throws, and an answer that is no caller, is an outage that the log explains; null is nobody', async t => {
  let current = answers[0]!
  const { page, log, audit } = await withCookies(t, { identify: (() => current.identify()) as unknown as BrokerOptions['identify'] } as Embedded)
  current = answers.at(-1)!
  t.match(await page(), { status: 200 }, 'susan has her identity')
  for (current of answers) {
    t.has(await page(), current.gets, current.title)
    if (current.says !== undefined) t.match(log(), current.says, current.title)
  }
  t.has((await audit()).filter(({ code }) => code === 'store-unavailable')[0], { event: 'token.refused', via: 'application', caller: undefined })
})

t.test('identify that does not answer in time is an outage; a client that leaves while others are asked for waits for nothing', async t => {
  const never = applicationIdentity({ identify: () => new Promise(() => {}), log: { info () {}, warn () {} }, owners: new IdentityOwners(), timeoutMs: 10 })
  const stays = { ip: '192.0.2.1', signal: new AbortController().signal }
  await t.rejects(never(stays), { code: 'store-unavailable', cause: { message: 'identify did not answer within 10 ms' } })
  const leaving = new AbortController()
  const waiting = [...Array.from({ length: 16 }, () => never(stays)), never({ ...stays, signal: leaving.signal })].map(asked => asked.then(() => 'in', (error: Error & { code: string }) => error.code))
  leaving.abort(new Error('left'))
  const codes = await Promise.all(waiting)
  t.same(codes.slice(0, 16), Array.from({ length: 16 }, () => 'store-unavailable'))
  t.not(codes[16], 'store-unavailable')
  const flood = await Promise.all(Array.from({ length: 90 }, () => never(stays).catch((error: { code: string }) => error.code)))
  t.ok(flood.includes('overloaded'), 'and one address does not fill the application')
})

t.test('who signs in with a password, too, is the same caller', async t => {
  const { page, url } = await withCookies(t, { authenticate: (username: string) => ({ name: username, identity: `id_${username}` }) } as Embedded)
  for (let i = 0; i < 2; i++) {
    t.has(await page(), { status: 200, body: { identity: 'id_susan' } })
    t.has(await ask(url, { path: token, as: susan }), { status: 200, body: { identity: 'id_susan' } })
  }
})

t.test('without authenticate nobody has a password, and there are no sessions', async t => {
  const { page, url } = await withCookies(t, { authenticate: undefined, settings: { SESSION_TTL: 600 } } as unknown as Embedded)
  t.match(await page(), { status: 200 })
  const answer = await ask(url, { path: token, as: susan })
  t.has(answer, { status: 401, headers: { 'www-authenticate': challenge }, body: { code: 'credentials-wrong' } })
  t.match(answer.body.detail, /^Nobody has a password for this broker\. Send JSON by POST/)
  t.match(await ask(url, { path: '/twilio/session', as: susan }), { status: 404 })
  const refused = await ask(url, { path: token })
  t.has(refused, { status: 401, headers: { 'www-authenticate': challenge }, body: { code: 'credentials-missing' } })
  t.match(refused.body.detail, /Send JSON by POST with the header X-Requested-With/)
})

t.test('an application may have an identity provider alone; with nothing that knows its callers it does not start', async t => {
  const provider = await startProvider()
  t.teardown(provider.close)
  const { url, close } = await application({ brokers: [{ authenticate: undefined, settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker' } } as unknown as Embedded] })
  t.teardown(close)
  t.has(await ask(url, { path: token, as: provider.bearer() }), { status: 200, body: { identity: 'auth0|42' } })
  for (const { options, mistake } of [
    { options: { authenticate: undefined }, mistake: /^authenticate must be a function .* it may be left out beside identify, or with JWT_ISSUER$/ },
    { options: { identify: 'cookie' }, mistake: /^identify must be a function that takes the request$/ },
    { options: { settings: { ...settings, JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker' } }, mistake: /^JWT_IDENTITY must begin with a fixed text/ }
  ]) {
    const mistakes = await application({ brokers: [options as unknown as Embedded] }).then(({ close }) => close(), (error: { mistakes: string[] }) => error.mistakes)
    t.match(mistakes, [mistake])
  }
})

t.test('the description of the routes names the way', async t => {
  const { url } = await withCookies(t)
  await until(async () => (await ask(url, { method: 'GET', path: '/twilio/readyz' })).status === 200)
  const { body } = await ask(url, { method: 'GET', path: '/twilio/openapi.json', as: susan })
  t.has((body.components as { securitySchemes: object }).securitySchemes, { application: { type: 'apiKey', in: 'header', name: 'X-Requested-With' } })
})
