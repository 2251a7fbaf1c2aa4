import t, { type Test } from 'tap'
import { secrets, startBroker } from '../../helpers/broker.js'
import { passMonotonic as pass } from '../../helpers/clock.js'
import { ask } from '../../helpers/http.js'
import { audience, clientId, signIn, startOpenIdProvider } from '../../helpers/openid-provider.js'
import { open } from '../../helpers/token.js'

const redirectUri = 'http://127.0.0.1:1/callback'

/** How providers write who somebody is, and what Voice gets of it. */
const subs = {
  Auth0: ['auth0|5f7c8ec7c33c6c004bbafe82', 'auth0_7c5f7c8ec7c33c6c004bbafe82'],
  Keycloak: ['3f2a0b4e-9c1d-4e7a-8b55-0d6c2f1a9e77', '3f2a0b4e_2d9c1d_2d4e7a_2d8b55_2d0d6c2f1a9e77'],
  Entra: ['AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ-_x', 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ_2d_5fx']
} as const

async function started (t: Test, settings: Record<string, string> = {}) {
  const provider = await startOpenIdProvider(redirectUri)
  t.teardown(() => provider.close())
  const broker = await startBroker({ settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: clientId, ...settings }, users: null })
  t.teardown(broker.close)
  const token = async (bearer: string, product = 'video') => {
    const { status, body } = await ask(broker.url, { path: `/token/${product}`, as: `Bearer ${bearer}` })
    return status === 200 ? body.identity : body.code
  }
  return { provider, broker, token, signIn: (login = 'susan', resource?: string) => signIn(provider.issuer, redirectUri, login, resource) }
}

t.test('who signs in at a real OpenID provider by code and PKCE gets a token for Voice, however it writes who that is', async t => {
  const { broker, signIn } = await started(t, { IDENTITY_FORM: 'escaped' })
  for (const [provider, [sub, identity]] of Object.entries(subs)) {
    const { idToken } = await signIn(sub)
    const { status, body } = await ask(broker.url, { path: '/token/voice', as: `Bearer ${idToken}` })
    t.has({ status, identity: body.identity }, { status: 200, identity }, provider)
    t.has(open(body.token, secrets.keySecret).claims.grants, { identity, voice: { incoming: { allow: true } } })
    t.has((await broker.audit()).at(-1), { event: 'token.issued', caller: `jwt:${sub}`, identity, via: 'bearer' })
  }
})

t.test('as they are, none of them fits Voice', async t => {
  const { token, signIn } = await started(t)
  for (const [sub] of Object.values(subs)) t.equal(await token((await signIn(sub)).idToken, 'voice'), 'identity-unsuitable')
})

t.test('its access tokens are taken where they are meant, and its ID tokens are not', async t => {
  const { token, signIn } = await started(t, { JWT_AUDIENCE: audience, JWT_TYPE: 'at+jwt', JWT_REQUIRE: `client_id=${clientId}` })
  const { idToken, accessToken } = await signIn('susan', audience)
  t.equal(await token(accessToken), 'susan')
  t.equal(await token(idToken), 'bearer-misdirected')
})

t.test('it rotates its keys: the next token is taken at once, and one by the old key as long as that is published', async t => {
  const { provider, token, signIn } = await started(t)
  const old = await signIn()
  t.equal(await token(old.idToken), 'susan')
  provider.use(['second', 'first'])
  pass(t, 30_000)
  t.equal(await token((await signIn()).idToken), 'susan')
  t.equal(await token(old.idToken), 'susan')
  provider.use(['third'])
  pass(t, 30_000)
  t.equal(await token((await signIn()).idToken), 'susan')
  t.equal(await token(old.idToken), 'bearer-wrong')
})

t.test('it is away for ten minutes: who signed in before goes on, and nobody waits', async t => {
  const { provider, broker, token, signIn } = await started(t)
  const { idToken } = await signIn()
  await provider.leave()
  pass(t, 600_000)
  t.equal(await token(idToken), 'susan')
  t.match(await ask(broker.url, { method: 'GET', path: '/readyz' }), { status: 200 })
})

t.test('it hangs: who signed in before goes on, and what needs its answer is an outage within two seconds', async t => {
  const { provider, token, signIn } = await started(t)
  const { idToken } = await signIn()
  provider.use(['second'])
  const { idToken: byNewKey } = await signIn()
  provider.hang()
  pass(t, 30_000)
  const waiting = token(byNewKey)
  t.equal(await token(idToken), 'susan', 'others do not wait for it')
  t.equal(await waiting, 'keys-unavailable')
  const { length } = provider.requests
  t.equal(await token(byNewKey), 'keys-unavailable')
  t.equal(provider.requests.length, length, 'the next one does not ask again')
})
