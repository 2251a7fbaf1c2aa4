import t from 'tap'
import { startBroker, susan, type Broker } from '../../helpers/broker.js'
import { hostileBearers, otherKeys } from '../../helpers/hostile-bearers.js'
import { ask } from '../../helpers/http.js'
import { signedIn } from '../../helpers/page.js'
import { newRsaKey, startProvider } from '../../helpers/provider.js'

const provider = await startProvider({ rsa: newRsaKey('rsa-1'), more: otherKeys })
t.teardown(provider.close)

/** One broker for all rows of the same settings. */
const brokers = new Map<string, Promise<Broker>>()
t.teardown(async () => { for (const broker of brokers.values()) await (await broker).close() })

function brokerOf (settings: Record<string, string> = {}): Promise<Broker> {
  const key = JSON.stringify(settings)
  const broker = brokers.get(key) ?? startBroker({ settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker,another-one', JWT_REQUIRE: 'azp=web', ...settings } })
  brokers.set(key, broker)
  return broker
}

const challenge = 'Bearer realm="twilio-token-broker", error="invalid_token"'
const statuses: Record<string, number> = { 'not-allowed': 403, 'identity-unsuitable': 422 }

t.test('the token of the same provider that is right is taken', async t => {
  const { url, audit } = await brokerOf()
  const answer = await ask(url, { as: provider.bearer() })
  t.has(answer, { status: 200, headers: { 'cache-control': 'no-store' }, body: { identity: 'auth0|42' } })
  t.match(answer, { headers: { 'ratelimit-policy': /"caller"/ }, body: { token: /^eyJ/ } })
  t.has((await audit()).at(-1), { event: 'token.issued', caller: 'jwt:auth0|42', identity: 'auth0|42', via: 'bearer', products: ['video'] })
})

for (const { what, make, code, reason, caller, settings } of hostileBearers) {
  t.test(`a bearer token is refused: ${what}`, async t => {
    const { url, audit, log } = await brokerOf(settings)
    const token = make(provider)
    const answer = await ask(url, { as: `Bearer ${token}` })
    const status = statuses[code] ?? 401
    t.has(answer, { status, headers: { 'www-authenticate': status === 401 ? challenge : undefined }, body: { code } }, answer.text)
    const line = (await audit()).at(-1)!
    t.has(line, { event: 'token.refused', code, reason, via: 'bearer', requestId: answer.body.requestId })
    t.equal(line.caller, caller)
    if (token.length > 40) for (const text of [answer.text, JSON.stringify(line), log()]) t.notOk(text.includes(token), 'nothing repeats it')
  })
}

t.test('S28: one answer for all that is not signed right', async t => {
  const { url } = await brokerOf()
  const answers = new Set<string>()
  for (const { make } of hostileBearers.filter(({ code }) => code === 'bearer-wrong')) {
    const { text, body } = await ask(url, { as: `Bearer ${make(provider)}` })
    answers.add(text.replace(body.requestId, ''))
  }
  t.equal(answers.size, 1)
})

t.test('S29: what is misdirected names the claim, and no value', async t => {
  const { url } = await brokerOf()
  t.match(await ask(url, { as: provider.bearer({ claims: { aud: 'stranger' } }) }), { body: { detail: /its aud is not/ } })
  const { text } = await ask(url, { as: provider.bearer({ claims: { azp: 'stranger' } }) })
  t.match(text, /its azp is not/)
  t.notMatch(text, /stranger|web/)
})

t.test('S35: a token larger than the limit of headers is refused with 431', async t => {
  const { url } = await brokerOf({ JWT_GROUPS: 'groups' })
  const groups = Array.from({ length: 5000 }, (_, i) => `g${i}`)
  t.has(await ask(url, { as: provider.bearer({ claims: { groups } }) }), { status: 431, body: { code: 'headers-too-large' } })
})

t.test('S30: a name and claims that objects inherit are harmless', async t => {
  const { url, audit } = await brokerOf({ JWT_GROUPS: '__proto__' })
  for (const sub of ['__proto__', 'constructor', 'toString']) t.has(await ask(url, { as: provider.bearer({ claims: { sub } }) }), { status: 200, body: { identity: sub } })
  const payload = JSON.stringify(provider.claims()).replace('{', '{"__proto__":["x"],')
  t.match(await ask(url, { as: provider.bearer({ payload }) }), { status: 200 }, 'as a claim, too')
  t.has((await audit()).at(-1), { caller: 'jwt:auth0|42' })
})

t.test('S31: a token is taken from one header Authorization, and from nowhere else', async t => {
  const { url } = await brokerOf()
  const bearer = provider.bearer()
  const token = bearer.slice('Bearer '.length)
  const rows: Array<{ name: string, request: Parameters<typeof ask>[1], status: number, code: string }> = [
    { name: 'twice', request: { headers: { Authorization: [bearer, bearer] } }, status: 400, code: 'request-invalid' },
    { name: 'beside Basic', request: { headers: { Authorization: [susan, bearer] } }, status: 400, code: 'request-invalid' },
    { name: 'behind Basic in one header', request: { as: `${susan}, ${bearer}` }, status: 401, code: 'credentials-wrong' },
    { name: 'in the query', request: { path: `/token/video?access_token=${token}` }, status: 401, code: 'credentials-missing' },
    {
      name: 'in a cookie',
      request: { headers: { Cookie: `access_token=${token}; Authorization=${token}` } },
      status: 401,
      code: 'credentials-missing'
    },
    { name: 'in the body', request: { body: { access_token: token } }, status: 401, code: 'credentials-missing' },
    { name: 'by another scheme', request: { as: `DPoP ${token}` }, status: 401, code: 'session-ended' },
    { name: 'by a scheme of its own', request: { as: `Token ${token}` }, status: 401, code: 'credentials-missing' },
    {
      name: 'beside a password in the body',
      request: { path: '/token', as: bearer, body: { username: 'susan', password: 'secret123' } },
      status: 400,
      code: 'request-invalid'
    },
    { name: 'at a route for passwords', request: { path: '/session', as: bearer }, status: 401, code: 'credentials-missing' }
  ]
  for (const { name, request, status, code } of rows) t.has(await ask(url, request), { status, body: { code } }, name)
  t.match(await ask(url, { as: `bEARER ${token}` }), { status: 200 }, 'the scheme in any case')
})

t.test('S32: what is a token of this broker, or a session, is no bearer token', async t => {
  const { url } = await brokerOf()
  const { body } = await ask(url, { as: susan })
  t.has(await ask(url, { as: `Bearer ${body.token}` }), { status: 401, body: { code: 'bearer-wrong' } })
  const { session } = await signedIn(url)
  t.match(session, /^ttb_/)
  t.has(await ask(url, { as: `Bearer ${session}` }), { status: 401, headers: { 'www-authenticate': challenge.replace(/, error.*/, '') }, body: { code: 'credentials-wrong' } })
})

t.test('each 401 asks for what is on', async t => {
  const { url } = await brokerOf()
  const all = 'Basic realm="twilio-token-broker", charset="UTF-8", DPoP algs="ES256", Bearer realm="twilio-token-broker"'
  for (const as of [undefined, 'Digest x', 'Bearerx']) {
    const answer = await ask(url, { as })
    t.has(answer, { headers: { 'www-authenticate': all }, body: { code: 'credentials-missing' } })
    t.match(answer.body.detail, /or a token of the identity provider/)
  }
  t.has(await ask(url, { as: 'Bearer' }), { headers: { 'www-authenticate': challenge }, body: { code: 'bearer-wrong' } })
})
