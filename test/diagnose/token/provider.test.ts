import t from 'tap'
import { providerToken } from '../../../src/diagnose/token/provider.js'
import { readToken } from '../../../src/diagnose/token/read-token.js'
import { base64url, good, now } from '../../helpers/made-token.js'

const claims = { iss: 'https://idp.example/', aud: 'broker', sub: 'auth0|42', iat: now, exp: now + 3600 }
const read = (more: object = {}, header: object = {}) =>
  providerToken(readToken(`${base64url({ alg: 'RS256', typ: 'JWT', ...header })}.${base64url({ ...claims, ...more })}.AAAA`), now)

const needed: Array<[what: string, token: ReturnType<typeof read>, settings: object]> = [
  ['an ID token', read(), {}],
  ['an access token', read({}, { typ: 'at+jwt' }), { JWT_TYPE: 'at+jwt' }],
  ['another algorithm', read({}, { alg: 'EdDSA' }), { JWT_ALGORITHMS: 'Ed25519' }],
  ['several audiences', read({ aud: ['broker', 'https://idp.example/userinfo'], azp: 'web' }), { JWT_AUDIENCE: 'broker,https://idp.example/userinfo', JWT_REQUIRE: 'azp=web' }],
  ['groups', read({ groups: ['support'] }), { JWT_GROUPS: 'groups' }],
  ['groups of Cognito', read({ 'cognito:groups': ['support'] }), { JWT_GROUPS: 'cognito:groups' }],
  ['roles of Keycloak', read({ realm_access: { roles: ['support'] } }), { JWT_GROUPS: '/realm_access/roles' }],
  ['roles of Entra', read({ roles: ['support'] }), { JWT_GROUPS: 'roles' }],
  ['a life of a week', read({ exp: now + 604_800 }), { JWT_MAX_AGE: '604800' }],
  ['a provider on this machine', read({ iss: 'http://localhost:8080/realms/a' }), { JWT_ISSUER: 'http://localhost:8080/realms/a' }]
]

for (const [what, token, settings] of needed) {
  t.test(`the settings of a provider's token are told: ${what}`, async t => {
    t.same(token, { settings: { JWT_ISSUER: 'https://idp.example/', JWT_AUDIENCE: 'broker', ...settings }, obstacles: [] })
  })
}

const refused: Array<[what: string, token: ReturnType<typeof read>, obstacle: RegExp]> = [
  ['a secret', read({}, { alg: 'HS256' }), /its alg is not one that a published key can be for/],
  ['no audience', read({ aud: undefined }), /it has no aud/],
  ['an empty audience', read({ aud: [''] }), /it has no aud/],
  ['http:', read({ iss: 'http://idp.example/' }), /its iss is an http: address/],
  ['no exp', read({ exp: undefined }), /it lacks exp or iat/],
  ['no iat', read({ iat: 'now' }), /it lacks exp or iat/],
  ['a life of ten years', read({ exp: now + 315_360_000 }), /lives for more than a year/],
  ['its end', read({ iat: now - 10, exp: now }), /it has expired/],
  ['a key that it is bound to', read({ cnf: {} }), /bound to a key/],
  ['crit', read({}, { crit: ['x'] }), /its header has crit/],
  ['another type', read({}, { typ: 'logout+jwt' }), /its typ is neither/],
  ['a type that is no text', read({}, { typ: 1 }), /its typ is neither/],
  ['no sub', read({ sub: undefined }), /it has no sub: set JWT_NAME/],
  ['groups that were left out', read({ _claim_names: { groups: 'src1' } }), /its groups were left out/],
  ['groups that are too many for a URL', read({ hasgroups: true }), /its groups were left out/]
]

for (const [what, token, obstacle] of refused) {
  t.test(`what keeps a provider's token from being taken is told: ${what}`, async t => {
    t.match(token!.obstacles, [obstacle])
    t.equal(token!.obstacles.length, 1)
  })
}

t.test('what is no token of a provider needs no settings', async t => {
  for (const text of ['', 'undefined', good, 'a.b.c', `${base64url({ alg: 'HS256' })}.${base64url({ sub: 'x' })}.x`]) t.equal(providerToken(readToken(text), now), undefined)
})
