import { createPublicKey } from 'node:crypto'
import { nowSeconds } from './dpop.js'
import { byHmac, newEcKey, newEd25519Key, newRsaKey, signers, type Provider, type ProviderKey } from './provider.js'

export interface HostileBearer {
  what: string
  /** The token that is sent behind `Bearer `. */
  make (provider: Provider): string
  code: string
  /** In the audit. */
  reason: string
  /** In the audit, where the signature is right. */
  caller?: string
  /** Of the broker, besides the usual ones. */
  settings?: Record<string, string>
}

const rsa1024 = newRsaKey('short', {}, 1024)
const encryption = newRsaKey('encryption', { use: 'enc' })
const foreign = newRsaKey('rsa-1')
const ec = newEcKey('ec-1', { alg: 'ES256' })
const secret = Buffer.alloc(32, 7)
export const ed25519 = newEd25519Key('ed-1', { alg: 'EdDSA' })
export const p384 = newEcKey('p384', {}, 'P-384')
export const ps256 = newRsaKey('ps-1', { alg: 'PS256' })
/** Both fit a token without `kid`. */
const several: ProviderKey[] = [newEcKey('ec-2', { alg: 'ES256' }), ec]

/** What the provider publishes beside its RSA key. */
export const otherKeys: unknown[] = [
  rsa1024.jwk, encryption.jwk, ...several.map(({ jwk }) => jwk), ed25519.jwk, p384.jwk, ps256.jwk, { kty: 'oct', kid: 'secret', k: secret.toString('base64url') },
  { kty: 'EC', crv: 'P-256', kid: 'off', x: 'AAAA', y: 'AAAA' }, null, 'key', { ...foreign.privateKey.export({ format: 'jwk' }), kid: 'private' }
]

const wrong = (what: string, reason: string, make: HostileBearer['make'], settings: HostileBearer['settings'] = {}): HostileBearer => ({ what, make, code: 'bearer-wrong', reason, settings })
const header = (what: string, reason: string, header: object): HostileBearer => wrong(what, reason, provider => provider.token({ header }))
/** Claims that hold a time are made when the token is sent. */
const claims = (what: string, reason: string, claims: object | (() => object), more: Partial<HostileBearer> = {}): HostileBearer => ({
  what, make: provider => provider.token({ claims: typeof claims === 'function' ? claims() : claims }), code: 'bearer-misdirected', reason, caller: 'jwt:auth0|42', ...more
})
const type = (what: string, typ: unknown, settings: HostileBearer['settings'] = {}): HostileBearer => ({
  what, make: provider => provider.token({ header: { typ } }), code: 'bearer-misdirected', reason: 'typ', caller: 'jwt:auth0|42', settings
})
const name = (what: string, sub: string): HostileBearer => ({ what, make: provider => provider.token({ claims: { sub } }), code: 'not-allowed', reason: 'sub' })
/** A foreign key that the token itself brings. */
const brought = (what: string, header: object) => wrong(what, 'signature', provider => provider.token({ key: foreign, header }))
const parts = (provider: Provider, more = {}) => provider.token(more).split('.') as [string, string, string]
/** Another character with the same six bits but the spare ones. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const email = { JWT_NAME: 'email', JWT_REQUIRE: '' }
const groups = { JWT_GROUPS: 'groups' }
const tenYears = 315_360_000

export const hostileBearers: HostileBearer[] = [
  wrong('alg none without a signature', 'algorithm', provider => provider.token({ header: { alg: 'none' }, signature: () => Buffer.alloc(0) })),
  wrong('alg nOnE', 'algorithm', provider => provider.token({ header: { alg: 'nOnE' }, signature: () => Buffer.alloc(0) })),
  wrong('HS256 over the PEM of the RSA key', 'algorithm', provider => {
    const pem = createPublicKey({ key: provider.rsa.jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' })
    return provider.token({ header: { alg: 'HS256' }, signature: byHmac(pem) })
  }),
  wrong('HS256 by a secret that the provider publishes', 'algorithm', provider => provider.token({ header: { alg: 'HS256', kid: 'secret' }, signature: byHmac(secret) })),
  wrong('RS256 that names a secret of the key set', 'unknown key', provider => provider.token({ header: { kid: 'secret' } })),
  brought('a foreign key with jwk', { jwk: foreign.jwk }),
  brought('a foreign key with jku', { jku: 'http://127.0.0.1:9/jwks' }),
  brought('a foreign key with x5u', { x5u: 'http://127.0.0.1:9/cert' }),
  brought('a foreign key with x5c', { x5c: ['MIIB'] }),
  header('an unknown kid', 'unknown key', { kid: 'rsa-9' }),
  header('a kid that is a number', 'kid', { kid: 1 }),
  wrong('no kid where several keys fit', 'several keys', provider => provider.token({ key: ec, header: { alg: 'ES256', kid: undefined } })),
  wrong('the kid of an encryption key', 'unknown key', provider => provider.token({ key: encryption })),
  wrong('the kid of a private key', 'unknown key', provider => provider.token({ key: foreign, header: { kid: 'private' } })),
  wrong('an RSA key of 1024 bits', 'unknown key', provider => provider.token({ key: rsa1024 })),
  wrong('ES256 with r and s zero', 'signature', provider => provider.token({ key: ec, header: { alg: 'ES256' }, signature: () => Buffer.alloc(64) })),
  wrong('RS512 by the right key', 'algorithm', provider => provider.token({ header: { alg: 'RS512' } })),
  wrong('EdDSA where it is not listed', 'algorithm', provider => provider.token({ key: ed25519, header: { alg: 'EdDSA' } })),
  wrong('RS256 by an elliptic curve', 'unknown key', provider => provider.token({ header: { kid: 'ec-1' } })),
  wrong('alg missing', 'algorithm', provider => provider.token({ header: { alg: undefined }, signature: signed => signers.RS256!(signed, provider.rsa.privateKey) })),
  wrong('another payload', 'signature', provider => {
    const [header, , signature] = parts(provider)
    return `${header}.${parts(provider, { claims: { sub: 'admin' } })[1]}.${signature}`
  }),
  wrong('a signature that is cut', 'signature', provider => provider.token().slice(0, -6)),
  wrong('no signature', 'signature', provider => `${parts(provider).slice(0, 2).join('.')}.`),

  claims('another issuer', 'iss', { iss: 'http://127.0.0.1:9/' }),
  { ...claims('an issuer without its slash', 'iss', {}), make: provider => provider.token({ claims: { iss: provider.issuer.slice(0, -1) } }) },
  claims('no issuer', 'iss', { iss: undefined }),
  claims('another audience', 'aud', { aud: 'another' }),
  claims('no audience', 'aud', { aud: undefined }),
  claims('an audience that is an object', 'aud', { aud: { 0: 'broker' } }),
  claims('our audience and the azp of a stranger', 'azp', { aud: ['broker', 'stranger'], azp: 'stranger' }),
  claims('no azp where it is required', 'azp', { azp: undefined }),
  claims('a required number as text', 'tenant', { tenant: '7' }, { settings: { JWT_REQUIRE: 'tenant=7' } }),
  claims('a required text as a number', 'tenant', { tenant: 7 }, { settings: { JWT_REQUIRE: 'tenant="7"' } }),
  claims('a required true as text', 'staff', { staff: 'true' }, { settings: { JWT_REQUIRE: 'staff=true' } }),
  claims('a required claim that only an object inherits', 'constructor', {}, { settings: { JWT_REQUIRE: 'constructor=x' } }),
  claims('its end over a minute ago', 'exp', () => ({ exp: nowSeconds() - 61, iat: nowSeconds() - 361 }), { code: 'bearer-expired' }),
  claims('exp missing', 'exp', { exp: undefined }),
  claims('exp as text', 'exp', () => ({ exp: String(nowSeconds() + 300) })),
  claims('exp null', 'exp', { exp: null }),
  claims('exp 1e308', 'exp', { exp: 1e308 }),
  { ...claims('exp Infinity', 'exp', {}), make: provider => provider.token({ payload: JSON.stringify(provider.claims()).replace(/"exp":\d+/, '"exp":1e999') }) },
  { ...claims('exp -Infinity', 'exp', {}), make: provider => provider.token({ payload: JSON.stringify(provider.claims()).replace(/"exp":\d+/, '"exp":-1e999') }) },
  claims('a life of ten years', 'exp', () => ({ exp: nowSeconds() + tenYears })),
  claims('a life of ten years that began ten years ago', 'exp', () => ({ iat: nowSeconds() - tenYears })),
  claims('iat missing', 'iat', { iat: undefined }),
  claims('iat as text', 'iat', { iat: 'now' }),
  claims('iat ahead', 'iat', () => ({ iat: nowSeconds() + 120 })),
  claims('nbf ahead', 'nbf', () => ({ nbf: nowSeconds() + 120 })),
  claims('nbf as text', 'nbf', { nbf: 'now' }),
  claims('sub missing', 'sub', { sub: undefined }, { caller: undefined as unknown as string }),
  claims('sub a number', 'sub', { sub: 42 }, { caller: undefined as unknown as string }),
  name('sub empty', ''),
  name('sub with a colon', 'jwt:admin'),
  name('sub with an asterisk', 'a*'),
  name('sub with braces', '{caller}'),
  name('sub with NUL', 'a\0'),
  name('sub of 122 characters', 'a'.repeat(122)),
  name('sub not in NFC', 'a\u0308'),
  wrong('sub of 10 kB', 'size', provider => provider.token({ claims: { sub: 'a'.repeat(10_000) } })),
  header('an unknown crit', 'crit', { crit: ['x'], x: 1 }),
  header('crit that names exp', 'crit', { crit: ['exp'], exp: 1 }),
  header('b64 false', 'crit', { b64: false }),
  header('b64 false and critical', 'crit', { b64: false, crit: ['b64'] }),
  wrong('spare bits set in the last character', 'encoding', provider => {
    const token = provider.token()
    return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) + 1]!
  }),
  wrong('four parts', 'parts', provider => `${provider.token()}.e30`),
  wrong('two parts', 'parts', provider => parts(provider).slice(0, 2).join('.')),
  wrong('five parts, as a JWE has', 'parts', () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA'),
  wrong('padding', 'encoding', provider => `${provider.token()}==`),
  wrong('a blank inside', 'encoding', provider => provider.token().replace('.', '. ')),
  wrong('two blanks before it', 'encoding', provider => ` ${provider.token()}`),
  wrong('the other alphabet of base64', 'encoding', provider => {
    const [header, , signature] = parts(provider)
    return `${header}.${Buffer.from(JSON.stringify({ ...provider.claims(), x: '???>>>' })).toString('base64').replace(/=+$/, '')}.${signature}`
  }),
  wrong('nothing', 'parts', () => ''),
  wrong('a header that is no JSON', 'header', provider => `${Buffer.from('{').toString('base64url')}.${parts(provider)[1]}.AAAA`),
  wrong('a header that is an array', 'header', provider => `${Buffer.from('[]').toString('base64url')}.${parts(provider)[1]}.AAAA`),
  type('typ logout+jwt', 'logout+jwt'),
  type('typ dpop+jwt', 'dpop+jwt'),
  type('typ at+jwt where ID tokens are meant', 'at+jwt'),
  type('typ a number', 1),
  type('typ JWT where access tokens are meant', 'JWT', { JWT_TYPE: 'at+jwt' }),
  type('no typ where access tokens are meant', undefined, { JWT_TYPE: 'at+jwt' }),
  claims('a token of client credentials', 'azp', { sub: 'worker@clients', azp: 'worker', gty: 'client-credentials' }, { caller: 'jwt:worker@clients' }),
  claims('email_verified false', 'email_verified', { email: 'susan@example.com', email_verified: false }, { settings: email, caller: 'jwt:susan@example.com' }),
  claims('email_verified as text', 'email_verified', { email: 'susan@example.com', email_verified: 'true' }, { settings: email, caller: 'jwt:susan@example.com' }),
  claims('email_verified missing', 'email_verified', { email: 'susan@example.com' }, { settings: email, caller: 'jwt:susan@example.com' }),
  claims('email_verified missing where it is the identity', 'email_verified', { email: 'susan@example.com' }, { settings: { JWT_IDENTITY: 'idp_{email}' } }),
  claims('groups as one text', 'groups', { groups: 'support' }, { settings: groups }),
  claims('201 groups', 'groups', { groups: Array.from({ length: 201 }, (_, i) => String(i)) }, { settings: groups }),
  claims('groups below a pointer as one text', 'realm_access', { realm_access: { 'a/b': 'support' } }, { settings: { JWT_GROUPS: '/realm_access/a~1b' } }),
  claims('groups that were left out, as Entra says it', '_claim_names', { _claim_names: { groups: 'src1' } }, { settings: groups }),
  claims('groups that were left out, as Entra says it in a URL', 'hasgroups', { hasgroups: true }, { settings: groups }),
  wrong('1000 groups', 'size', provider => provider.token({ claims: { groups: Array.from({ length: 1000 }, (_, i) => `g${i}`) } }), groups),
  wrong('a payload that is an array', 'payload', provider => provider.token({ payload: '[]' })),
  wrong('a payload that is not UTF-8', 'payload', provider => provider.token({ payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) })),
  claims('a key that it is bound to', 'cnf', { cnf: { jkt: 'x' } }),
  claims('an empty identity', 'nick', { nick: '' }, { code: 'identity-unsuitable', settings: { JWT_IDENTITY: 'u_{nick}' } }),
  claims('an identity with a line break', 'nick', { nick: 'a\nb' }, { code: 'identity-unsuitable', settings: { JWT_IDENTITY: 'nick' } }),
  claims('no text as its identity', 'nick', { nick: null }, { settings: { JWT_IDENTITY: 'nick' } })
]
