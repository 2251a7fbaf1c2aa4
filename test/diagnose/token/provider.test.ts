import t from 'tap'
import { providerToken } from '../../../src/diagnose/token/provider.js'
import { readToken } from '../../../src/diagnose/token/read-token.js'
import { base64url, good, now } from '../../helpers/made-token.js'

const claims = { iss: 'https://idp.example/', aud: 'broker', sub: 'auth0|42', iat: now, exp: now + 3600 }
const read = (more: object = {}, header: object = {}) =>
  providerToken(readToken(`${base64url({ alg: 'RS256', typ: 'JWT', ...header })}.${base64url({ ...claims, ...more })}.AAAA`), now)

const needed: Array<{ name: string, token: ReturnType<typeof read>, settings: object }> = [
  { name: 'an ID token', token: read(), settings: {} },
  { name: 'an access token', token: read({}, { typ: 'at+jwt' }), settings: { JWT_TYPE: 'at+jwt' } },
  { name: 'another algorithm', token: read({}, { alg: 'EdDSA' }), settings: { JWT_ALGORITHMS: 'Ed25519' } },
  {
    name: 'several audiences',
    token: read({ aud: ['broker', 'https://idp.example/userinfo'], azp: 'web' }),
    settings: { JWT_AUDIENCE: 'broker,https://idp.example/userinfo', JWT_REQUIRE: 'azp=web' }
  },
  { name: 'groups', token: read({ groups: ['support'] }), settings: { JWT_GROUPS: 'groups' } },
  { name: 'groups of Cognito', token: read({ 'cognito:groups': ['support'] }), settings: { JWT_GROUPS: 'cognito:groups' } },
  { name: 'roles of Keycloak', token: read({ realm_access: { roles: ['support'] } }), settings: { JWT_GROUPS: '/realm_access/roles' } },
  { name: 'roles of Entra', token: read({ roles: ['support'] }), settings: { JWT_GROUPS: 'roles' } },
  { name: 'a life of a week', token: read({ exp: now + 604_800 }), settings: { JWT_MAX_AGE: '604800' } },
  {
    name: 'a provider on this machine',
    token: read({ iss: 'http://localhost:8080/realms/a' }),
    settings: { JWT_ISSUER: 'http://localhost:8080/realms/a' }
  }
]

for (const { name, token, settings } of needed) {
  t.test(`the settings of a provider's token are told: ${name}`, async t => {
    t.same(token, { settings: { JWT_ISSUER: 'https://idp.example/', JWT_AUDIENCE: 'broker', ...settings }, obstacles: [] })
  })
}

const refused: Array<{ name: string, token: ReturnType<typeof read>, obstacle: RegExp }> = [
  { name: 'a secret', token: read({}, { alg: 'HS256' }), obstacle: /its alg is not one that a published key can be for/ },
  { name: 'no audience', token: read({ aud: undefined }), obstacle: /it has no aud/ },
  { name: 'an empty audience', token: read({ aud: [''] }), obstacle: /it has no aud/ },
  { name: 'http:', token: read({ iss: 'http://idp.example/' }), obstacle: /its iss is an http: address/ },
  { name: 'no exp', token: read({ exp: undefined }), obstacle: /it lacks exp or iat/ },
  { name: 'no iat', token: read({ iat: 'now' }), obstacle: /it lacks exp or iat/ },
  { name: 'a life of ten years', token: read({ exp: now + 315_360_000 }), obstacle: /lives for more than a year/ },
  { name: 'its end', token: read({ iat: now - 10, exp: now }), obstacle: /it has expired/ },
  { name: 'a key that it is bound to', token: read({ cnf: {} }), obstacle: /bound to a key/ },
  { name: 'crit', token: read({}, { crit: ['x'] }), obstacle: /its header has crit/ },
  { name: 'another type', token: read({}, { typ: 'logout+jwt' }), obstacle: /its typ is neither/ },
  { name: 'a type that is no text', token: read({}, { typ: 1 }), obstacle: /its typ is neither/ },
  { name: 'no sub', token: read({ sub: undefined }), obstacle: /it has no sub: set JWT_NAME/ },
  { name: 'groups that were left out', token: read({ _claim_names: { groups: 'src1' } }), obstacle: /its groups were left out/ },
  { name: 'groups that are too many for a URL', token: read({ hasgroups: true }), obstacle: /its groups were left out/ }
]

for (const { name, token, obstacle } of refused) {
  t.test(`what keeps a provider's token from being taken is told: ${name}`, async t => {
    t.match(token!.obstacles, [obstacle])
    t.equal(token!.obstacles.length, 1)
  })
}

t.test('what is no token of a provider needs no settings', async t => {
  for (const text of ['', 'undefined', good, 'a.b.c', `${base64url({ alg: 'HS256' })}.${base64url({ sub: 'x' })}.x`]) t.equal(providerToken(readToken(text), now), undefined)
})
