import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair, generateProof } from 'dpop'
import t, { type Test } from 'tap'
import { basic, startBroker, susan, type BrokerOptions } from '../../helpers/broker.js'
import { hostileProofs } from '../../helpers/hostile-proofs.js'
import { ask, raw, type Answer, type Ask } from '../../helpers/http.js'
import { Page, signedIn } from '../../helpers/page.js'

async function started (t: Test, options: BrokerOptions = {}) {
  const broker = await startBroker(options)
  t.teardown(broker.close)
  return broker
}

const basicChallenge = 'Basic realm="twilio-token-broker", charset="UTF-8"'
const dpopChallenge = (error: string) => `DPoP algs="ES256", error="${error}"`

t.test('a page signs in once, gets tokens without the password, and signs out', async t => {
  const broker = await started(t)
  const page = new Page(broker.url)
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const opened = await page.open({ headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })
  t.has(opened, { status: 201, headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', etag: undefined, 'set-cookie': undefined }, body: { identity: 'susan', expiresIn: 43_200 } })
  t.match(opened, { headers: { 'dpop-nonce': /^[\w-]{35}$/ }, body: { session: /^ttb_[\w-]+$/, expiresAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/ } })
  t.same(Object.keys(opened.body), ['session', 'identity', 'expiresIn', 'expiresAt', 'now'])
  t.equal(Math.floor(Date.parse(opened.body.expiresAt) / 1000) - Number(opened.body.now), 43_200)
  for (const request of [{}, { method: 'GET' }, { path: '/token' }, { path: '/token/voice', body: { incoming: true } }]) {
    const answer = await page.ask(request)
    t.has(answer, { status: 200, headers: { 'cache-control': 'no-store' }, body: { identity: 'susan' } })
    t.match(answer, { headers: { 'dpop-nonce': /./, 'ratelimit-policy': /"caller"/ }, body: { token: /^eyJ/ } })
  }
  t.match(await page.ask({ method: 'GET', path: '/openapi.json' }), { status: 200 })
  const left = await page.end()
  t.has(left, { status: 204, text: '' })
  t.match(left.headers['dpop-nonce'], /./)
  for (const request of [{}, { method: 'DELETE', path: '/session' }]) {
    t.has(await page.ask(request), { status: 401, headers: { 'www-authenticate': dpopChallenge('invalid_token') }, body: { code: 'session-ended' } })
  }
  const lines = await broker.audit()
  const sessionId = lines[0]!.sessionId as string
  t.match(sessionId, /^[\w-]{16}$/)
  t.has(lines[0], { event: 'session.opened', caller: 'susan', identity: 'susan', via: 'basic', sessionId, traceId, ttl: 43_200, expiresAt: opened.body.expiresAt })
  t.has(lines[1], { event: 'token.issued', caller: 'susan', identity: 'susan', via: 'session', sessionId, products: ['video'] })
  t.has(lines.at(-3), { event: 'session.ended', caller: 'susan', identity: 'susan', via: 'session', sessionId })
  t.has(lines.at(-2), { event: 'token.refused', caller: 'susan', products: ['video'], via: 'session', sessionId, code: 'session-ended' })
  t.strictSame(lines.at(-1)!.products, [])
  t.has(lines.at(-1), { event: 'token.refused', caller: 'susan', via: 'session', sessionId, code: 'session-ended' })
  for (const secret of [page.session, 'secret123', opened.body.session as string]) {
    t.notOk(JSON.stringify(lines).includes(secret), 'the audit holds no session')
    t.notOk(broker.log().includes(secret), 'the log holds none')
  }
})

t.test('a name and password in JSON open a session, too', async t => {
  const broker = await started(t)
  t.match(await new Page(broker.url).open({ as: '', body: { username: 'susan', password: 'secret123' } }), { status: 201 })
  const rows: Array<{ name: string, request: object, status: number, code: string }> = [
    { name: 'a wrong password', request: { as: '', body: { username: 'susan', password: 'x' } }, status: 401, code: 'credentials-wrong' },
    { name: 'no password', request: { as: '', body: { username: 'susan' } }, status: 401, code: 'credentials-wrong' },
    {
      name: 'a password that is no text',
      request: { as: '', body: { username: 'susan', password: 1 } },
      status: 401,
      code: 'credentials-wrong'
    },
    { name: 'an empty object', request: { as: '', body: {} }, status: 401, code: 'credentials-missing' },
    { name: 'both ways at once', request: { body: { username: 'susan', password: 'secret123' } }, status: 400, code: 'request-invalid' },
    { name: 'another property', request: { body: { ttl: 600 } }, status: 400, code: 'request-invalid' },
    {
      name: 'another property beside the password',
      request: { as: '', body: { username: 'susan', password: 'secret123', identity: 'bob' } },
      status: 400,
      code: 'request-invalid'
    },
    { name: 'a query', request: { path: '/session?ttl=600' }, status: 400, code: 'request-invalid' },
    { name: 'no JSON', request: { as: '', body: '{' }, status: 400, code: 'request-invalid' },
    {
      name: 'a form',
      request: { as: '', body: 'username=susan', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      status: 415,
      code: 'media-type'
    },
    { name: 'a body that is too large', request: { as: '', body: { username: 'x'.repeat(5000) } }, status: 413, code: 'body-too-large' }
  ]
  for (const { name, request, status, code } of rows) {
    const answer = await new Page(broker.url).open(request)
    t.has(answer, { status, body: { code } }, name)
    t.match(answer.headers['dpop-nonce'], /./, name)
  }
  for (const { event, products } of (await broker.audit()).slice(1)) t.strictSame({ event, products }, { event: 'token.refused', products: [] })
})

t.test('proofs of a library that knows nothing of this broker are taken', async t => {
  const { url } = await started(t)
  const keys = await generateKeyPair('ES256')
  const opened = await ask(url, { path: '/session', as: susan, headers: { DPoP: await generateProof(keys, `${url}/session`, 'POST') } })
  t.equal(opened.status, 201, opened.text)
  const session = opened.body.session as string
  let nonce = opened.headers['dpop-nonce'] as string
  for (let i = 0; i < 3; i++) {
    const answer = await ask(url, { as: `DPoP ${session}`, headers: { DPoP: await generateProof(keys, `${url}/token/video`, 'POST', nonce, session) } })
    t.equal(answer.status, 200, answer.text)
    nonce = answer.headers['dpop-nonce'] as string
  }
  const stale = await ask(url, { as: `DPoP ${session}`, headers: { DPoP: await generateProof(keys, `${url}/token/video`, 'POST', undefined, session) } })
  t.has(stale, { status: 401, headers: { 'www-authenticate': dpopChallenge('use_dpop_nonce') } }, 'and what the library looks for is there')
  t.match(stale.headers['dpop-nonce'], /./, 'and what the library looks for is there')
})

t.test('each 401 asks for what the route takes, and none for a password where none was used', async t => {
  const { url } = await started(t, { settings: { OPERATORS: 'susan' } })
  const page = await signedIn(url)
  const session = 'DPoP algs="ES256"'
  const both = `${basicChallenge}, ${session}`
  const proofWrong = dpopChallenge('invalid_dpop_proof')
  const sessionEnded = dpopChallenge('invalid_token')
  const rows: Array<{ name: string, answer: Promise<Answer>, code: string, challenge: string }> = [
    { name: 'a token without credentials', answer: ask(url), code: 'credentials-missing', challenge: both },
    { name: 'a token by an unknown scheme', answer: ask(url, { as: 'Digest x' }), code: 'credentials-missing', challenge: both },
    { name: 'a wrong password', answer: ask(url, { as: basic('susan', 'x') }), code: 'credentials-wrong', challenge: basicChallenge },
    { name: 'opening without credentials', answer: ask(url, { path: '/session' }), code: 'credentials-missing', challenge: basicChallenge },
    { name: 'opening with a session', answer: page.ask({ path: '/session' }), code: 'credentials-missing', challenge: basicChallenge },
    {
      name: 'opening with a wrong password',
      answer: new Page(url).open({ as: basic('susan', 'x') }),
      code: 'credentials-wrong',
      challenge: basicChallenge
    },
    { name: 'opening without a proof', answer: new Page(url).open({ proof: undefined }), code: 'proof-wrong', challenge: proofWrong },
    {
      name: 'opening by a proof for a session',
      answer: new Page(url).open({ parts: { claims: { ath: 'x' } } }),
      code: 'proof-wrong',
      challenge: proofWrong
    },
    {
      name: 'opening by a proof of another time',
      answer: new Page(url).open({ parts: { claims: { iat: 1 } } }),
      code: 'proof-stale',
      challenge: dpopChallenge('use_dpop_nonce')
    },
    {
      name: 'ending without credentials',
      answer: ask(url, { method: 'DELETE', path: '/session' }),
      code: 'credentials-missing',
      challenge: session
    },
    {
      name: 'ending with a password',
      answer: ask(url, { method: 'DELETE', path: '/session', as: susan }),
      code: 'credentials-missing',
      challenge: session
    },
    {
      name: 'metrics by a session',
      answer: page.ask({ method: 'GET', path: '/metrics' }),
      code: 'credentials-missing',
      challenge: basicChallenge
    },
    { name: 'what is no session', answer: page.ask({ as: 'DPoP ttb_x' }), code: 'session-ended', challenge: sessionEnded },
    { name: 'a scheme without a session', answer: page.ask({ as: 'DPoP' }), code: 'session-ended', challenge: sessionEnded },
    { name: 'a session without a proof', answer: page.ask({ proof: undefined }), code: 'proof-wrong', challenge: proofWrong },
    {
      name: 'a session as a bearer token',
      answer: page.ask({ as: `Bearer ${page.session}` }),
      code: 'credentials-wrong',
      challenge: session
    }
  ]
  for (const { name, answer, code, challenge } of rows) {
    const { status, headers, body } = await answer
    t.has({ status, headers, body }, { status: 401, headers: { 'www-authenticate': challenge }, body: { code } }, name)
    t.match(headers['x-request-id'], /./, name)
  }
  t.match(await raw(url, 'POST /session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 401 [^]*credentials-missing/, 'a POST that does not say how long it is')
  t.match(await page.ask({ as: `dPoP ${page.session}` }), { status: 200 }, 'the scheme in any case')
  t.match(await page.ask({ method: 'GET', path: '/operator.json' }), { status: 200 }, 'operators may sign in so')
})

for (const { what, make, code } of hostileProofs) {
  t.test(`no session is opened by a proof with ${what}`, async t => {
    const { url, audit } = await broker
    const page = new Page(url)
    const proof = make(page.key, { htm: 'POST', htu: `${url}/session`, nonce: '', ath: undefined as unknown as string })
    const answer = await page.open({ proof })
    t.has(answer, { status: 401, body: { code } })
    t.same(Object.keys(answer.body).includes('now'), code === 'proof-stale')
    const { event, code: recorded, products } = (await audit()).at(-1)!
    t.strictSame({ event, code: recorded, products }, { event: 'token.refused', code, products: [] })
  })
}
const broker = startBroker()
t.teardown(async () => (await broker).close())

t.test('the form of a proof comes before the password, the signature after it', async t => {
  const { url, audit } = await started(t, { settings: { LOGIN_FAILURES_MAX: '2' } })
  const page = new Page(url)
  for (let i = 0; i < 5; i++) t.has(await page.open({ as: basic('susan', 'wrong-one'), proof: 'x' }), { body: { code: 'proof-wrong' } }, 'no guess is spent')
  const unsigned = { parts: { signature: () => Buffer.alloc(64, 1) } }
  t.has(await page.open({ as: basic('susan', 'wrong-one'), ...unsigned }), { body: { code: 'credentials-wrong' } })
  t.has(await page.open(unsigned), { status: 401, body: { code: 'proof-wrong' } })
  t.has((await audit()).at(-1), { caller: 'susan', via: 'basic' }, 'the password was right by then')
  t.has(await page.open({ as: basic('susan', 'wrong-one') }), { body: { code: 'credentials-wrong' } })
  for (let i = 0; i < 2; i++) await page.open({ as: basic('susan', 'wrong-one') })
  t.has(await page.open(), { status: 429, body: { code: 'login-limited' } }, 'guesses count here as anywhere')
})

t.test('a session is opened once by a proof', async t => {
  const { url } = await started(t)
  const page = new Page(url)
  const proof = page.key.proof({ claims: { htu: `${url}/session` } })
  t.match(await page.open({ proof }), { status: 201 })
  t.has(await page.open({ proof }), { status: 401, headers: { 'www-authenticate': dpopChallenge('invalid_dpop_proof') }, body: { code: 'proof-replayed' } })
})

t.test('to open and end sessions counts for the address, and not for the caller', async t => {
  const { url } = await started(t, { settings: { CALLER_LIMIT_MAX: '1', RATE_LIMIT_MAX: '9' } })
  const pages = [await signedIn(url), await signedIn(url), await signedIn(url)]
  for (const page of pages) t.has(await page.end(), { status: 204, headers: { 'ratelimit-policy': '"address";q=9;w=60' } })
  const page = await signedIn(url)
  t.match(await page.ask(), { status: 200 })
  t.has(await page.ask(), { status: 429, body: { code: 'caller-limited' } })
  t.has(await page.end(), { status: 429, body: { code: 'rate-limited' } })
  const answer = await page.open()
  t.has(answer, { status: 429, body: { code: 'rate-limited' } })
  t.match(answer.headers, { 'dpop-nonce': /./, 'retry-after': /./ })
})

t.test('a session asks the policy anew for each token, and not at its opening', async t => {
  const broker = await started(t, { settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': 'rules: [{ who: [bob], allow: { video: {} } }]' } })
  const page = await signedIn(broker.url)
  t.has(await page.ask(), { status: 403, body: { code: 'not-allowed' } })
  await broker.write('policy.yaml', 'rules: [{ who: [susan], allow: { video: {} }, identities: ["guest-*"] }]')
  await broker.reload()
  t.match(await page.ask(), { status: 200 })
  t.has(await page.ask({ body: { identity: 'guest-1' } }), { status: 200, body: { identity: 'guest-1' } })
  t.has(await page.ask({ path: '/token/nothing' }), { status: 404, body: { code: 'product-unknown' } })
})

t.test('without a line in the audit no session is opened, and one is ended all the same', async t => {
  const broker = await started(t, { settings: { AUDIT_LOG: 'link' }, links: { link: '/dev/full' } })
  const answer = await new Page(broker.url).open()
  t.has(answer, { status: 503, body: { code: 'audit-unavailable' } })
  t.match(answer.headers['retry-after'], /./)
  const secret = { SESSION_SECRET: 's'.repeat(32) }
  const [good, full] = [await started(t, { settings: secret }), await started(t, { settings: { ...secret, AUDIT_LOG: 'link' }, links: { link: '/dev/full' } })]
  await full.write('users.htpasswd', await readFile(join(good.folder, 'users.htpasswd'), 'utf8'))
  await full.reload()
  const page = await signedIn(good.url)
  t.has(await page.ask({}, full.url), { status: 503, body: { code: 'audit-unavailable' } })
  t.match(await page.end({}, full.url), { status: 204 })
  t.has(await page.ask({}, full.url), { status: 503, body: { code: 'audit-unavailable' } }, 'as the refusal cannot be written either')
})

t.test('the path of sessions takes POST and DELETE, and nothing in a DELETE', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'QUERY', 'TRACE']) {
    for (const as of [undefined, susan, `DPoP ${page.session}`]) {
      const answer = await ask(url, { method, path: '/session', as, headers: { DPoP: page.proof({ method, path: '/session' }) } })
      t.has(answer, { status: 405, headers: { allow: 'POST, DELETE' } }, method)
      t.match(answer.headers['dpop-nonce'], /./, method)
    }
  }
  for (const path of ['/session/', '/session/x', '/Session', '//session']) t.match(await page.open({ path }), { status: 404, headers: { 'dpop-nonce': /./ } }, path)
  t.has(await page.end({ body: {} }), { status: 400, body: { code: 'request-invalid' } })
  t.has(await page.end({ path: '/session?x=1' }), { status: 400, body: { code: 'request-invalid' } })
  t.match(await page.end({ headers: { 'Content-Type': 'text/plain' } }), { status: 204 }, 'a type without a body is none')
})

t.test('every answer to a request with a proof brings a nonce, and no other does', async t => {
  const { url } = await started(t)
  const requests: Record<string, Ask> = {
    'a sign of life': { method: 'GET', path: '/healthz' },
    nothing: { method: 'GET', path: '/nothing' },
    'a token by Basic': { as: susan },
    'a page that may not ask': { as: susan, headers: { Origin: 'https://evil.test' } },
    'too large a header': { headers: { x: 'x'.repeat(16_384) } },
    'two headers of one kind': { headers: { Authorization: ['a', 'b'] } }
  }
  for (const [what, request] of Object.entries(requests)) {
    t.match((await ask(url, { ...request, headers: { ...request.headers, DPoP: 'x' } })).headers, { 'dpop-nonce': /^[\w-]{35}$/ }, what)
    t.equal((await ask(url, request)).headers['dpop-nonce'], undefined, what)
  }
  t.match(await ask(url, { as: susan, headers: { DPoP: 'no proof' } }), { status: 200 }, 'beside Basic a proof is not looked at')
})

t.test('without sessions there is nothing at their path, which a page can read', async t => {
  const { url, log } = await started(t, { settings: { SESSION_TTL: '0', CORS_ORIGINS: 'https://app.example.com' } })
  const Origin = 'https://app.example.com'
  for (const method of ['POST', 'DELETE', 'GET', 'PUT']) t.has(await ask(url, { method, path: '/session', as: susan, headers: { Origin, DPoP: 'x' } }), { status: 404, headers: { 'access-control-allow-origin': Origin, 'dpop-nonce': undefined }, body: { code: 'not-found' } }, method)
  const preflight = await ask(url, { method: 'OPTIONS', path: '/session', headers: { Origin, 'Access-Control-Request-Method': 'DELETE' } })
  t.has(preflight, { status: 204, headers: { 'access-control-allow-methods': 'POST, DELETE', 'access-control-allow-headers': 'Authorization, Content-Type, DPoP' } })
  t.has(await ask(url, { as: 'DPoP ttb_x', headers: { DPoP: 'x' } }), { status: 401, headers: { 'www-authenticate': basicChallenge }, body: { code: 'credentials-missing' } })
  t.has(await ask(url, { as: 'Bearer ttb_x' }), { status: 401, body: { code: 'credentials-missing' } })
  t.match(await ask(url, { as: susan }), { status: 200 })
  t.notMatch(log(), /sessions are signed/)
})

t.test('pages of listed origins may use sessions, and read what they need of the answers', async t => {
  const Origin = 'https://app.example.com'
  const { url } = await started(t, { settings: { CORS_ORIGINS: Origin } })
  const preflight = (path: string, headers: Record<string, string> = {}) => ask(url, { method: 'OPTIONS', path, headers: { Origin, 'Access-Control-Request-Method': 'POST', ...headers } })
  t.has(await preflight('/session'), { status: 204, headers: { 'access-control-allow-origin': Origin, 'access-control-allow-methods': 'POST, DELETE', 'access-control-allow-headers': 'Authorization, Content-Type, DPoP', 'access-control-allow-credentials': undefined } })
  t.has(await preflight('/token/video'), { status: 204, headers: { 'access-control-allow-methods': 'GET, POST', 'access-control-allow-headers': 'Authorization, Content-Type, DPoP' } })
  t.match(await preflight('/session', { Origin: 'https://evil.test' }), { status: 204, headers: { 'access-control-allow-origin': undefined } })
  const exposed = 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, DPoP-Nonce, WWW-Authenticate'
  const page = new Page(url)
  for (const answer of [await page.open({ headers: { Origin } }), await page.ask({ headers: { Origin } }), await page.ask({ headers: { Origin }, proof: 'x' }), await page.end({ headers: { Origin } })]) {
    t.has(answer.headers, { 'access-control-allow-origin': Origin, 'access-control-expose-headers': exposed, vary: 'Origin' })
  }
})
