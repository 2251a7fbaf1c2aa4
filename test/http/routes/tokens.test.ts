import { createHash } from 'node:crypto'
import t from 'tap'
import { complete, secrets, startBroker, susan } from '../../helpers/broker.js'
import { ask, raw, type Answer, type Ask } from '../../helpers/http.js'
import { open } from '../../helpers/token.js'

const { accountSid, keySid, keySecret, twimlAppSid: app, chatServiceSid, conversationsServiceSid } = secrets
const claims = ({ body }: Answer) => open(body.token, keySecret).claims
const grants = (answer: Answer) => {
  const { identity, ...rest } = claims(answer).grants
  return rest
}
const both = { incoming: { allow: true }, outgoing: { application_sid: app } }

const broker = await startBroker()
t.teardown(broker.close)
const as = (body?: unknown, path = '/token/video') => ask(broker.url, { as: susan, path, ...(body !== undefined && { body }) })

t.test('a token is what Twilio asks for, the answer says what it holds, and the audit what left', async t => {
  const before = Math.floor(Date.now() / 1000)
  const answer = await ask(broker.url, { as: susan, method: 'GET', path: '/token/video' })
  t.equal(answer.status, 200)
  const { header, claims } = open(answer.body.token, keySecret)
  t.strictSame(header, { alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })
  t.match(claims, { iss: keySid, sub: accountSid, grants: { identity: 'susan', video: {} }, nbf: undefined })
  t.equal(claims.exp - claims.iat, 3600)
  t.ok(claims.iat >= before && claims.iat <= Date.now() / 1000)
  t.strictSame(Object.keys(answer.body), ['token', 'identity', 'expiresIn', 'expiresAt'])
  t.match(answer.body, { identity: 'susan', expiresIn: 3600, expiresAt: new Date(claims.exp * 1000).toISOString() })
  t.match(answer.headers, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'content-type': /^application\/json/,
    'x-request-id': /^[0-9a-f-]{36}$/,
    'ratelimit-policy': '"address";q=100000;w=60, "caller";q=100000;w=60',
    ratelimit: /^"address";r=\d+;t=\d+, "caller";r=\d+;t=\d+$/
  })
  t.notOk(answer.headers.etag)
  t.match((await broker.audit()).at(-1), {
    event: 'token.issued',
    requestId: answer.headers['x-request-id'],
    ip: '127.0.0.1',
    caller: 'susan',
    identity: 'susan',
    products: ['video'],
    grants: { video: {} },
    ttl: 3600,
    expiresAt: answer.body.expiresAt,
    keySid,
    tokenSha256: createHash('sha256').update(answer.body.token).digest('hex')
  })
})

t.test('the 2021 tutorial\'s call works unchanged', async t => {
  const answer = await ask(broker.url, { path: '/token', body: { username: 'susan', password: 'secret123' } })
  t.equal(answer.status, 200)
  t.strictSame(grants(answer), { chat: { service_sid: conversationsServiceSid }, data_sync: { service_sid: 'default' }, video: {}, voice: both })
  t.strictSame(answer.body.products, ['conversations', 'sync', 'video', 'voice'])
})

const granted: Array<[name: string, path: string, body: unknown, grant: object]> = [
  ['video for any room', 'video', {}, { video: {} }],
  ['video for one room', 'video', { room: 'My Room' }, { video: { room: 'My Room' } }],
  ['voice both ways', 'voice', undefined, { voice: both }],
  ['voice for calls in', 'voice', { outgoing: false }, { voice: { incoming: { allow: true } } }],
  ['voice for calls out', 'voice', { incoming: false, params: { To: '+15550100' } },
    { voice: { outgoing: { application_sid: app, params: { To: '+15550100' } } } }],
  ['voice with a param whose name has a line break', 'voice', { incoming: false, params: { 'a\nb': 'c' } },
    { voice: { outgoing: { application_sid: app, params: { 'a\nb': 'c' } } } }],
  ['chat', 'chat', {}, { chat: { service_sid: chatServiceSid } }],
  ['conversations', 'conversations', {}, { chat: { service_sid: conversationsServiceSid } }],
  ['sync', 'sync', {}, { data_sync: { service_sid: 'default' } }]
]

t.test('each product grants exactly what was asked for', async t => {
  for (const [name, product, body, grant] of granted) {
    const answer = await as(body, `/token/${product}`)
    t.equal(answer.status, 200, name)
    t.strictSame(grants(answer), grant, name)
  }
})

const refused: Array<[name: string, path: string, body: unknown, status: number, expected: object]> = [
  ['neither direction', 'voice', { incoming: false, outgoing: false }, 400, { errors: [{ path: '/outgoing' }] }],
  ['params without calls out', 'voice', { outgoing: false, params: { a: 'b' } }, 400, { errors: [{ path: '/params' }] }],
  ['params that are no strings', 'voice', { params: { secretkey: 1 } }, 400, { errors: [{ path: '/params' }] }],
  ...['\n', '\r', '\u2028'].map((end): [string, string, unknown, number, object] =>
    [`params that are no strings, by a name with the line break ${end.charCodeAt(0)}`, 'voice', { params: { [`secretkey${end}`]: 1 } }, 400, { errors: [{ path: '/params' }] }]),
  ['a ttl above the caller\'s', 'video', { ttl: 3601 }, 403, { code: 'not-allowed', errors: [{ path: '/ttl' }], detail: /^ttl: at most 3600 seconds/ }],
  ['another\'s identity', 'video', { identity: 'bob' }, 403, { code: 'not-allowed', errors: [{ path: '/identity' }] }],
  ['two properties at fault', 'video', { ttl: '1', room: 1, x: 1 }, 400,
    { errors: [{ path: '', message: 'has an unknown property; known are ttl, room, identity' }, { path: '/room' }, { path: '/ttl' }] }]
]

t.test('a refusal names the property, and nothing is narrowed', async t => {
  for (const [name, product, body, status, expected] of refused) {
    const answer = await as(body, `/token/${product}`)
    t.equal(answer.status, status, name)
    t.match({ ...answer.body, errors: answer.body.errors?.toSorted((a, b) => a.path < b.path ? -1 : 1) }, expected, name)
    t.notMatch(answer.text, /secretkey/, name)
  }
})

t.test('a ttl within the limits is the token\'s', async t => {
  t.equal((await as({ ttl: 180 })).body.expiresIn, 180)
  const { exp, iat } = claims(await as({ ttl: 200, identity: 'susan' }))
  t.equal(exp - iat, 200)
})

t.test('POST /token puts what is named into one token, or fails whole', async t => {
  const one = await as({ products: { video: { room: 'My Room' }, sync: {} }, ttl: 600 }, '/token')
  t.equal(one.status, 200)
  t.strictSame(grants(one), { video: { room: 'My Room' }, data_sync: { service_sid: 'default' } })
  t.match(one.body, { products: ['video', 'sync'], expiresIn: 600 })
  t.match((await broker.audit()).at(-1), { products: ['video', 'sync'] })

  const failures: Array<[string, unknown, number, object]> = [
    ['no product', { products: {} }, 400, { errors: [{ path: '/products' }] }],
    ['an unknown product', { products: { video: {}, nope: {} } }, 404, { code: 'product-unknown' }],
    ['a product called constructor', { products: { constructor: {} } }, 404, { code: 'product-unknown' }],
    ['products that are no object', { products: ['video'] }, 400, { errors: [{ path: '/products' }] }],
    ['a product that is no object', { products: { video: 1 } }, 400, { errors: [{ path: '/products' }] }],
    ['a property at fault', { products: { video: { room: 1 } } }, 400, { errors: [{ path: '/products/video/room' }] }],
    ['an unknown property', { products: { video: { ttl: 180 } } }, 400, { errors: [{ path: '/products/video', message: /known are room/ }] }],
    ['a product refused', { products: { sync: {}, voice: { incoming: false, outgoing: false } } }, 400, { errors: [{ path: '/products/voice/outgoing' }] }],
    ['two services for one grant', { products: { chat: {}, conversations: {} } }, 400, { detail: /chat and conversations|conversations and chat/ }],
    ['a property of a product beside products', { products: { video: {} }, room: 'x' }, 400, { errors: [{ path: '' }] }],
    ['credentials both ways', { username: 'susan', password: 'secret123' }, 400, { errors: [{ message: /Authorization/ }] }]
  ]
  for (const [name, body, status, expected] of failures) {
    const answer = await as(body, '/token')
    t.equal(answer.status, status, name)
    t.match(answer.body, expected, name)
  }
})

t.test('every property at fault is told at once, those of several products too, and the audit has the products', async t => {
  const products = { video: { room: 1 }, voice: { incoming: 'yes', params: [], x: 1 }, sync: null, nope: {} }
  const { status, body, text } = await as({ products, ttl: 1, identity: '', y: 1 }, '/token')
  t.equal(status, 400)
  t.strictSame(body.errors.map(({ path }) => path).sort(), ['', '/identity', '/products/sync', '/products/video/room', '/products/voice', '/products/voice/incoming', '/products/voice/params', '/ttl'])
  t.match(body.errors.find(({ path }) => path === '/products/voice'), { message: 'has an unknown property; known are push, params, incoming, outgoing' })
  t.notMatch(text, /nope/)
  t.match((await broker.audit()).at(-1), { code: 'request-invalid', products: ['video', 'voice', 'sync'] })
  t.match(await as({ products: { nope: 1 } }, '/token'), { status: 400, body: { errors: [{ path: '/products', message: 'must be object' }] } })
})

const byBody: Array<[string, Ask, number, string]> = [
  ['a wrong password', { body: { username: 'susan', password: 'wrong-one' } }, 401, 'credentials-wrong'],
  ['no password', { body: { username: 'susan' } }, 401, 'credentials-wrong'],
  ['no name', { body: { password: 'secret123' } }, 401, 'credentials-wrong'],
  ['a password that is no string', { body: { username: 'susan', password: 123 } }, 401, 'credentials-wrong'],
  ['neither', { body: {} }, 401, 'credentials-missing'],
  ['no body', {}, 401, 'credentials-missing'],
  ['null', { body: 'null' }, 401, 'credentials-missing'],
  ['an array', { body: [] }, 401, 'credentials-missing'],
  ['Bearer beside right credentials', { as: 'Bearer x', body: { username: 'susan', password: 'secret123' } }, 401, 'credentials-missing'],
  ['no JSON', { body: '{' }, 400, 'request-invalid'],
  ['a form', { body: 'username=susan', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 415, 'media-type'],
  ['too large a body', { body: { username: 'x'.repeat(5000) } }, 413, 'body-too-large'],
  ['a query', { path: '/token?username=susan', body: { username: 'susan', password: 'secret123' } }, 400, 'request-invalid'],
  ['an unknown property', { body: { username: 'susan', password: 'secret123', remember: true } }, 400, 'request-invalid']
]

t.test('credentials in the body of POST /token are decided as those in the header', async t => {
  for (const [name, request, status, code] of byBody) {
    const answer = await ask(broker.url, { path: '/token', ...request })
    t.match(answer, { status, body: { code } }, name)
    // A caller may also have a session, so a request without credentials is told of both.
    const challenge = 'Basic realm="twilio-token-broker", charset="UTF-8"'
    if (status === 401) t.equal(answer.headers['www-authenticate'], code === 'credentials-missing' ? `${challenge}, DPoP algs="ES256"` : challenge, name)
  }
})

t.test('S95: unknown names, wrong passwords and malformed credentials get the same bytes', async t => {
  const strip = ({ text, headers }: Answer) => {
    const { date, ratelimit, 'x-request-id': id, ...rest } = headers
    return { text: text.replace(id as string, ''), rest }
  }
  const standard = strip(await ask(broker.url, { as: 'Basic !!!' }))
  for (const credentials of ['susan:wrong', 'nobody:secret123', '__proto__:x', 'nocolon', ':']) {
    t.strictSame(strip(await ask(broker.url, { as: `Basic ${Buffer.from(credentials).toString('base64')}` })), standard, credentials)
  }
})

t.test('S96: without credentials every path under /token answers alike', async t => {
  for (const path of ['/token/video', '/token/nope', '/token/', '/token/a/b', `/token/${'x'.repeat(500)}`]) {
    for (const method of ['GET', 'POST']) t.equal((await ask(broker.url, { method, path })).status, 401, `${method} ${path}`)
    for (const method of ['PUT', 'HEAD', 'PATCH', 'OPTIONS']) {
      t.match(await ask(broker.url, { method, path }), { status: 405, headers: { allow: 'GET, POST' } }, `${method} ${path}`)
    }
  }
  t.match(await ask(broker.url, { method: 'GET', path: '/token' }), { status: 405, headers: { allow: 'POST' } })
})

t.test('S18: a GET asks for nothing: what it brings is refused, and never passed over', async t => {
  const asking = (text: string, headers = {}) => raw(broker.url, ['GET /token/video HTTP/1.1', 'Host: x', `Authorization: ${susan}`, 'Connection: close', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', text].join('\r\n'))
  const json = { 'Content-Type': 'application/json' }
  for (const [text, headers] of [
    ['{"room":"a"}', { ...json, 'Content-Length': 12 }], ['c\r\n{"room":"a"}\r\n0\r\n\r\n', { ...json, 'Transfer-Encoding': 'chunked' }],
    ['room=a', { 'Content-Type': 'text/plain', 'Content-Length': 6 }], [' ', { 'Content-Length': 1 }]
  ] as const) t.match(await asking(text, headers), /^HTTP\/1\.1 400 [^]*"a GET takes no body; send it by POST"/, JSON.stringify(text))
  for (const [text, headers] of [['', {}], ['', json], ['', { ...json, 'Content-Length': 0 }], ['0\r\n\r\n', { 'Transfer-Encoding': 'chunked' }]] as const) {
    t.match(await asking(text, headers), /^HTTP\/1\.1 200 /, JSON.stringify([text, headers]))
  }
})

const unsuitable: Array<[user: string, product: string, status: number, detail?: RegExp]> = [
  ['ann-marie', 'voice', 422, /voice takes letters, digits and _ only, and character 4 is "-" \(U\+002D\)/],
  ['zoë', 'voice', 422, /character 3 is U\+00EB/],
  ['ann-marie', 'video', 200],
  ['zoë', 'sync', 200],
  ['x'.repeat(121), 'voice', 200]
]

t.test('an identity that a product does not take is 422, and says which character', async t => {
  const users = Object.fromEntries(unsuitable.map(([user]) => [user, 'secret123']))
  const broker = await startBroker({ users, settings: { TWILIO_REGION: 'us1', TOKEN_TTL: '300', TOKEN_TTL_MAX: '900' } })
  t.teardown(broker.close)
  for (const [user, product, status, detail] of unsuitable) {
    const answer = await ask(broker.url, { as: `Basic ${Buffer.from(`${user}:secret123`).toString('base64')}`, path: `/token/${product}` })
    t.match(answer, { status, body: status === 200 ? { identity: user, expiresIn: 300 } : { code: 'identity-unsuitable', detail } }, `${user} for ${product}`)
    if (status === 200) t.equal(open(answer.body.token, keySecret).header.twr, 'us1')
  }
  const all = await ask(broker.url, { path: '/token', body: { username: 'ann-marie', password: 'secret123', ttl: 900 } })
  t.match(all, { status: 200, body: { products: ['conversations', 'sync', 'video'], expiresIn: 900 } }, 'what does not fit is left out')
})

t.test('without a TwiML app there are no calls out', async t => {
  const { TWILIO_TWIML_APP_SID: _, ...settings } = complete
  const broker = await startBroker({ settings: { ...settings, TWILIO_TWIML_APP_SID: '', TWILIO_CHAT_SERVICE_SID: conversationsServiceSid, TWILIO_PUSH_CREDENTIAL_SID: `CR${'0'.repeat(32)}` } })
  t.teardown(broker.close)
  const voice = (body?: unknown) => ask(broker.url, { as: susan, path: '/token/voice', ...(body !== undefined && { body }) })
  t.strictSame(grants(await voice()), { voice: { incoming: { allow: true }, push_credential_sid: `CR${'0'.repeat(32)}` } })
  t.match(await voice({ outgoing: true }), { status: 403, body: { code: 'not-allowed', detail: /TWILIO_TWIML_APP_SID/ } })
  t.match(await voice({ incoming: false }), { status: 400 })
  const shared = await ask(broker.url, { as: susan, path: '/token', body: { products: { chat: {}, conversations: {} } } })
  t.match(shared, { status: 200, body: { products: ['chat', 'conversations'] } }, 'one service for both fits into one token')
})
