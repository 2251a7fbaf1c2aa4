import { createHash } from 'node:crypto'
import t from 'tap'
import { basic, complete, secrets, startBroker, susan } from '../../helpers/broker.js'
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
  t.has(claims, { iss: keySid, sub: accountSid, grants: { identity: 'susan', video: {} }, nbf: undefined })
  t.equal(claims.exp - claims.iat, 3600)
  t.ok(claims.iat >= before && claims.iat <= Date.now() / 1000)
  t.strictSame(Object.keys(answer.body), ['token', 'identity', 'expiresIn', 'expiresAt'])
  t.has(answer.body, { identity: 'susan', expiresIn: 3600, expiresAt: new Date(claims.exp * 1000).toISOString() })
  t.has(answer.headers, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin', 'ratelimit-policy': '"address";q=100000;w=60, "caller";q=100000;w=60' })
  t.match(answer.headers, { 'content-type': /^application\/json/, 'x-request-id': /^[0-9a-f-]{36}$/, ratelimit: /^"address";r=\d+;t=\d+, "caller";r=\d+;t=\d+$/ })
  t.notOk(answer.headers.etag)
  t.has((await broker.audit()).at(-1), {
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

const granted: Array<{ name: string, product: string, body?: object, expected: object }> = [
  { name: 'video for any room', product: 'video', body: {}, expected: { video: {} } },
  { name: 'video for one room', product: 'video', body: { room: 'My Room' }, expected: { video: { room: 'My Room' } } },
  { name: 'voice both ways', product: 'voice', expected: { voice: both } },
  { name: 'voice for calls in', product: 'voice', body: { outgoing: false }, expected: { voice: { incoming: { allow: true } } } },
  {
    name: 'voice for calls out',
    product: 'voice',
    body: { incoming: false, params: { To: '+15550100' } },
    expected: { voice: { outgoing: { application_sid: app, params: { To: '+15550100' } } } }
  },
  {
    name: 'voice with a param whose name has a line break',
    product: 'voice',
    body: { incoming: false, params: { 'a\nb': 'c' } },
    expected: { voice: { outgoing: { application_sid: app, params: { 'a\nb': 'c' } } } }
  },
  { name: 'chat', product: 'chat', body: {}, expected: { chat: { service_sid: chatServiceSid } } },
  { name: 'conversations', product: 'conversations', body: {}, expected: { chat: { service_sid: conversationsServiceSid } } },
  { name: 'sync', product: 'sync', body: {}, expected: { data_sync: { service_sid: 'default' } } }
]

t.test('each product grants exactly what was asked for', async t => {
  for (const { name, product, body, expected } of granted) {
    const answer = await as(body, `/token/${product}`)
    t.equal(answer.status, 200, name)
    t.strictSame(grants(answer), expected, name)
  }
})

/** With 400, where a row names no other status. */
interface Refused {
  name: string
  body: object
  status?: number
  expected: object
}

const refused: Array<Refused & { product: string }> = [
  {
    name: 'neither direction',
    product: 'voice',
    body: { incoming: false, outgoing: false },
    expected: { errors: [{ path: '/outgoing' }] }
  },
  {
    name: 'params without calls out',
    product: 'voice',
    body: { outgoing: false, params: { a: 'b' } },
    expected: { errors: [{ path: '/params' }] }
  },
  { name: 'params that are no strings', product: 'voice', body: { params: { secretkey: 1 } }, expected: { errors: [{ path: '/params' }] } },
  ...['\n', '\r', '\u2028'].map(end => ({
    name: `params that are no strings, by a name with the line break ${end.charCodeAt(0)}`,
    product: 'voice',
    body: { params: { [`secretkey${end}`]: 1 } },
    expected: { errors: [{ path: '/params' }] }
  })),
  {
    name: 'a ttl above the caller\'s',
    product: 'video',
    body: { ttl: 3601 },
    status: 403,
    expected: { code: 'not-allowed', errors: [{ path: '/ttl' }], detail: /^ttl: at most 3600 seconds/ }
  },
  {
    name: 'another\'s identity',
    product: 'video',
    body: { identity: 'bob' },
    status: 403,
    expected: { code: 'not-allowed', errors: [{ path: '/identity' }] }
  },
  {
    name: 'two properties at fault',
    product: 'video',
    body: { ttl: '1', room: 1, x: 1 },
    expected: { errors: [{ path: '', message: 'has an unknown property; known are ttl, room, identity' }, { path: '/room' }, { path: '/ttl' }] }
  }
]

t.test('a refusal names the property, and nothing is narrowed', async t => {
  for (const { name, product, body, status = 400, expected } of refused) {
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
  t.has(one.body, { products: ['video', 'sync'], expiresIn: 600 })
  t.has((await broker.audit()).at(-1), { products: ['video', 'sync'] })

  const failures: Refused[] = [
    { name: 'no product', body: { products: {} }, expected: { errors: [{ path: '/products' }] } },
    { name: 'an unknown product', body: { products: { video: {}, nope: {} } }, status: 404, expected: { code: 'product-unknown' } },
    { name: 'a product called constructor', body: { products: { constructor: {} } }, status: 404, expected: { code: 'product-unknown' } },
    { name: 'products that are no object', body: { products: ['video'] }, expected: { errors: [{ path: '/products' }] } },
    { name: 'a product that is no object', body: { products: { video: 1 } }, expected: { errors: [{ path: '/products' }] } },
    { name: 'a property at fault', body: { products: { video: { room: 1 } } }, expected: { errors: [{ path: '/products/video/room' }] } },
    {
      name: 'an unknown property',
      body: { products: { video: { ttl: 180 } } },
      expected: { errors: [{ path: '/products/video', message: /known are room/ }] }
    },
    {
      name: 'a product refused',
      body: { products: { sync: {}, voice: { incoming: false, outgoing: false } } },
      expected: { errors: [{ path: '/products/voice/outgoing' }] }
    },
    {
      name: 'two services for one grant',
      body: { products: { chat: {}, conversations: {} } },
      expected: { detail: /chat and conversations|conversations and chat/ }
    },
    { name: 'a property of a product beside products', body: { products: { video: {} }, room: 'x' }, expected: { errors: [{ path: '' }] } },
    {
      name: 'credentials both ways',
      body: { username: 'susan', password: 'secret123' },
      expected: { errors: [{ message: /Authorization/ }] }
    }
  ]
  for (const { name, body, status = 400, expected } of failures) {
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
  t.has(body.errors.find(({ path }) => path === '/products/voice'), { message: 'has an unknown property; known are push, params, incoming, outgoing' })
  t.notMatch(text, /nope/)
  t.has((await broker.audit()).at(-1), { code: 'request-invalid', products: ['video', 'voice', 'sync'] })
  t.has(await as({ products: { nope: 1 } }, '/token'), { status: 400, body: { errors: [{ path: '/products', message: 'must be object' }] } })
})

const byBody: Array<{ name: string, request: Ask, status: number, code: string }> = [
  { name: 'a wrong password', request: { body: { username: 'susan', password: 'wrong-one' } }, status: 401, code: 'credentials-wrong' },
  { name: 'no password', request: { body: { username: 'susan' } }, status: 401, code: 'credentials-wrong' },
  { name: 'no name', request: { body: { password: 'secret123' } }, status: 401, code: 'credentials-wrong' },
  { name: 'a password that is no string', request: { body: { username: 'susan', password: 123 } }, status: 401, code: 'credentials-wrong' },
  { name: 'neither', request: { body: {} }, status: 401, code: 'credentials-missing' },
  { name: 'no body', request: {}, status: 401, code: 'credentials-missing' },
  { name: 'null', request: { body: 'null' }, status: 401, code: 'credentials-missing' },
  { name: 'an array', request: { body: [] }, status: 401, code: 'credentials-missing' },
  {
    name: 'Bearer beside right credentials',
    request: { as: 'Bearer x', body: { username: 'susan', password: 'secret123' } },
    status: 401,
    code: 'credentials-missing'
  },
  { name: 'no JSON', request: { body: '{' }, status: 400, code: 'request-invalid' },
  {
    name: 'a form',
    request: { body: 'username=susan', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    status: 415,
    code: 'media-type'
  },
  { name: 'too large a body', request: { body: { username: 'x'.repeat(5000) } }, status: 413, code: 'body-too-large' },
  {
    name: 'a query',
    request: { path: '/token?username=susan', body: { username: 'susan', password: 'secret123' } },
    status: 400,
    code: 'request-invalid'
  },
  {
    name: 'an unknown property',
    request: { body: { username: 'susan', password: 'secret123', remember: true } },
    status: 400,
    code: 'request-invalid'
  }
]

t.test('credentials in the body of POST /token are decided as those in the header', async t => {
  for (const { name, request, status, code } of byBody) {
    const answer = await ask(broker.url, { path: '/token', ...request })
    t.has(answer, { status, body: { code } }, name)
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
      t.has(await ask(broker.url, { method, path }), { status: 405, headers: { allow: 'GET, POST' } }, `${method} ${path}`)
    }
  }
  t.has(await ask(broker.url, { method: 'GET', path: '/token' }), { status: 405, headers: { allow: 'POST' } })
})

t.test('S18: a GET asks for nothing: what it brings is refused, and never passed over', async t => {
  const asking = (text: string, headers = {}) => raw(broker.url, ['GET /token/video HTTP/1.1', 'Host: x', `Authorization: ${susan}`, 'Connection: close', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', text].join('\r\n'))
  const json = { 'Content-Type': 'application/json' }
  const bodies: Array<{ text: string, headers: object }> = [
    { text: '{"room":"a"}', headers: { ...json, 'Content-Length': 12 } },
    { text: 'c\r\n{"room":"a"}\r\n0\r\n\r\n', headers: { ...json, 'Transfer-Encoding': 'chunked' } },
    { text: 'room=a', headers: { 'Content-Type': 'text/plain', 'Content-Length': 6 } },
    { text: ' ', headers: { 'Content-Length': 1 } }
  ]
  for (const { text, headers } of bodies) t.match(await asking(text, headers), /^HTTP\/1\.1 400 [^]*"a GET takes no body; send it by POST"/, JSON.stringify(text))
  const empty: Array<{ text: string, headers: object }> = [
    { text: '', headers: {} },
    { text: '', headers: json },
    { text: '', headers: { ...json, 'Content-Length': 0 } },
    { text: '0\r\n\r\n', headers: { 'Transfer-Encoding': 'chunked' } }
  ]
  for (const { text, headers } of empty) t.match(await asking(text, headers), /^HTTP\/1\.1 200 /, JSON.stringify([text, headers]))
})

/** What the refusal says, or nothing where the product takes the identity. */
const unsuitable: Array<{ caller: string, product: string, detail?: RegExp }> = [
  { caller: 'ann-marie', product: 'voice', detail: /voice takes letters, digits and _ only, and character 4 is "-" \(U\+002D\)/ },
  { caller: 'zoë', product: 'voice', detail: /character 3 is U\+00EB/ },
  { caller: 'ann-marie', product: 'video' },
  { caller: 'zoë', product: 'sync' },
  { caller: 'x'.repeat(121), product: 'voice' }
]

t.test('an identity that a product does not take is 422, and says which character', async t => {
  const users = Object.fromEntries(unsuitable.map(({ caller }) => [caller, 'secret123']))
  const broker = await startBroker({ users, settings: { TWILIO_REGION: 'us1', TOKEN_TTL: '300', TOKEN_TTL_MAX: '900' } })
  t.teardown(broker.close)
  for (const { caller, product, detail } of unsuitable) {
    const answer = await ask(broker.url, { as: basic(caller, 'secret123'), path: `/token/${product}` })
    const expected = detail ? { status: 422, body: { code: 'identity-unsuitable', detail } } : { status: 200, body: { identity: caller, expiresIn: 300 } }
    t.match(answer, expected, `${caller} for ${product}`)
    if (!detail) t.equal(open(answer.body.token, keySecret).header.twr, 'us1')
  }
  const all = await ask(broker.url, { path: '/token', body: { username: 'ann-marie', password: 'secret123', ttl: 900 } })
  t.has(all, { status: 200, body: { products: ['conversations', 'sync', 'video'], expiresIn: 900 } }, 'what does not fit is left out')
})

t.test('without a TwiML app there are no calls out', async t => {
  const { TWILIO_TWIML_APP_SID: _, ...settings } = complete
  const broker = await startBroker({ settings: { ...settings, TWILIO_TWIML_APP_SID: '', TWILIO_CHAT_SERVICE_SID: conversationsServiceSid, TWILIO_PUSH_CREDENTIAL_SID: `CR${'0'.repeat(32)}` } })
  t.teardown(broker.close)
  const voice = (body?: unknown) => ask(broker.url, { as: susan, path: '/token/voice', ...(body !== undefined && { body }) })
  t.strictSame(grants(await voice()), { voice: { incoming: { allow: true }, push_credential_sid: `CR${'0'.repeat(32)}` } })
  const answer = await voice({ outgoing: true })
  t.has(answer, { status: 403, body: { code: 'not-allowed' } })
  t.match(answer.body.detail, /TWILIO_TWIML_APP_SID/)
  t.match(await voice({ incoming: false }), { status: 400 })
  const shared = await ask(broker.url, { as: susan, path: '/token', body: { products: { chat: {}, conversations: {} } } })
  t.has(shared, { status: 200, body: { products: ['chat', 'conversations'] } }, 'one service for both fits into one token')
})
