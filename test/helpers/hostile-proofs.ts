import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { base64url, nowSeconds, type PageKey } from './dpop.js'

/** The claims of the proof that would be right here. */
export interface RightClaims {
  htm: string
  htu: string
  nonce: string
  ath: string
}

export interface HostileProof {
  what: string
  make (page: PageKey, right: RightClaims): string
  code: 'proof-wrong' | 'proof-stale'
}

const wrong = (what: string, make: HostileProof['make']): HostileProof => ({ what, make, code: 'proof-wrong' })
const stale = (what: string, make: HostileProof['make']): HostileProof => ({ what, make, code: 'proof-stale' })
const header = (what: string, header: object): HostileProof => wrong(what, (page, claims) => page.proof({ header, claims }))
const claim = (what: string, own: object): HostileProof => wrong(what, (page, claims) => page.proof({ claims: { ...claims, ...own } }))
const jwk = (what: string, change: (page: PageKey) => object): HostileProof => wrong(what, (page, claims) => page.proof({ header: { jwk: change(page) }, claims }))

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed25519 = generateKeyPairSync('ed25519')
const right = (page: PageKey, claims: object, more: object = {}) => page.proof({ claims: { ...claims, ...more } })
const parts = (page: PageKey, claims: object) => right(page, claims).split('.') as [string, string, string]
/** The members of a right proof's part, as text in which something can be replaced. */
const textOf = (part: string) => Buffer.from(part, 'base64url').toString()

/** Order of P-256. */
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** A signature is as right with its other `s`. */
export function withOtherS (signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.toString('hex', 32)}`)
  return Buffer.concat([signature.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')])
}

export const hostileProofs: HostileProof[] = [
  wrong('no JWT', () => 'hello'),
  wrong('empty', () => ''),
  wrong('two parts', (page, claims) => parts(page, claims).slice(0, 2).join('.')),
  wrong('four parts', (page, claims) => `${right(page, claims)}.e30`),
  wrong('alg none', (page, claims) => page.proof({ header: { alg: 'none' }, claims, signature: () => Buffer.alloc(0) })),
  wrong('alg HS256 with the public key as the secret', (page, claims) => {
    const pem = createPublicKey({ key: page.jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' })
    return page.proof({ header: { alg: 'HS256' }, claims, signature: signed => createHmac('sha256', pem).update(signed).digest() })
  }),
  wrong('alg ES384', (page, claims) => page.proof({ header: { alg: 'ES384', jwk: p384.publicKey.export({ format: 'jwk' }) }, claims, signature: signed => sign('sha384', Buffer.from(signed), { key: p384.privateKey, dsaEncoding: 'ieee-p1363' }) })),
  wrong('alg RS256', (page, claims) => page.proof({ header: { alg: 'RS256' }, claims, signature: signed => sign('sha256', Buffer.from(signed), rsa.privateKey) })),
  wrong('alg EdDSA with a key of its own', (page, claims) => page.proof({ header: { alg: 'EdDSA', jwk: ed25519.publicKey.export({ format: 'jwk' }) }, claims, signature: signed => sign(null, Buffer.from(signed), ed25519.privateKey) })),
  header('alg missing', { alg: undefined }),
  header('typ JWT', { typ: 'JWT' }),
  header('typ missing', { typ: undefined }),
  header('typ DPoP+JWT', { typ: 'DPoP+JWT' }),
  header('no jwk', { jwk: undefined }),
  header('jwk null', { jwk: null }),
  header('a jwk that is text', { jwk: 'P-256' }),
  header('kid alone', { jwk: undefined, kid: 'key-1' }),
  header('crit', { crit: ['exp'] }),
  jwk('a private jwk', page => page.privateKey.export({ format: 'jwk' })),
  jwk('a jwk with an empty d', page => ({ ...page.jwk, d: '' })),
  jwk('a jwk of P-384', () => p384.publicKey.export({ format: 'jwk' })),
  jwk('a jwk that says P-384', page => ({ ...page.jwk, crv: 'P-384' })),
  jwk('a jwk that says RSA', page => ({ ...page.jwk, kty: 'RSA' })),
  jwk('a point off the curve', page => ({ ...page.jwk, x: Buffer.alloc(32, 7).toString('base64url') })),
  jwk('x of 31 bytes', page => ({ ...page.jwk, x: Buffer.alloc(31, 7).toString('base64url') })),
  jwk('y with padding', page => ({ ...page.jwk, y: `${page.jwk.y}=` })),
  jwk('y a number', page => ({ ...page.jwk, y: 7 })),
  jwk('y missing', page => ({ ...page.jwk, y: undefined })),
  claim('htm in small letters', { htm: 'post' }),
  claim('htm of another method', { htm: 'PUT' }),
  claim('htm missing', { htm: undefined }),
  claim('htm a list', { htm: ['POST'] }),
  wrong('htu of another path', (page, claims) => right(page, claims, { htu: `${claims.htu}s` })),
  wrong('htu with less path', (page, claims) => right(page, claims, { htu: new URL(claims.htu).origin })),
  wrong('htu with an empty segment', (page, claims) => right(page, claims, { htu: claims.htu.replace(/(?<=\w)\//, '//') })),
  wrong('htu with a prefix of empty segments', (page, claims) => right(page, claims, { htu: claims.htu.replace(/(?<=\w)\//, '/a//b/') })),
  wrong('htu with half a segment before', (page, claims) => right(page, claims, { htu: claims.htu.replace(/(?<=\w)\//, '/a') })),
  wrong('htu in another case', (page, claims) => right(page, claims, { htu: claims.htu.toUpperCase() })),
  claim('htu no URL', { htu: 'token' }),
  claim('htu relative', { htu: '//token/video' }),
  claim('htu of another scheme', { htu: 'javascript:/token/video' }),
  claim('htu missing', { htu: undefined }),
  claim('htu null', { htu: null }),
  stale('iat 61 s ago', (page, claims) => right(page, claims, { iat: nowSeconds() - 61 })),
  // Time may go by before it is looked at.
  stale('iat 90 s ahead', (page, claims) => right(page, claims, { iat: nowSeconds() + 90 })),
  stale('iat in milliseconds', (page, claims) => right(page, claims, { iat: Date.now() })),
  claim('iat text', { iat: String(nowSeconds()) }),
  claim('iat with a fraction', { iat: nowSeconds() + 0.5 }),
  claim('iat 1e300', { iat: 1e300 }),
  claim('iat missing', { iat: undefined }),
  claim('jti missing', { jti: undefined }),
  claim('jti empty', { jti: '' }),
  claim('jti of 1 kB', { jti: 'x'.repeat(1024) }),
  claim('jti a number', { jti: 7 }),
  wrong('a signature of DER', (page, claims) => page.proof({ claims, signature: signed => sign('sha256', Buffer.from(signed), page.privateKey) })),
  wrong('a signature of r = s = 0', (page, claims) => page.proof({ claims, signature: () => Buffer.alloc(64) })),
  wrong('a signature of another key', (page, claims) => page.proof({ claims, signature: signed => sign('sha256', Buffer.from(signed), { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, dsaEncoding: 'ieee-p1363' }) })),
  wrong('a signature cut', (page, claims) => page.proof({ claims, signature: signed => page.sign(signed).subarray(0, 63) })),
  wrong('claims changed after the signature', (page, claims) => {
    const [head, body, signature] = parts(page, claims)
    return [head, base64url({ ...JSON.parse(textOf(body)), jti: randomUUID() }), signature].join('.')
  }),
  wrong('claims that are not UTF-8', (page, claims) => {
    const [head, body] = parts(page, claims)
    return page.signText(head, Buffer.concat([Buffer.from(textOf(body).replace(/\}$/, ',"x":"')), Buffer.from([0xff]), Buffer.from('"}')]).toString('base64url'))
  }),
  wrong('claims that are no JSON', (page, claims) => page.signText(parts(page, claims)[0], base64url('{'))),
  wrong('claims that are a list', (page, claims) => page.signText(parts(page, claims)[0], base64url([claims]))),
  wrong('a claim twice', (page, claims) => {
    const [head, body] = parts(page, claims)
    return page.signText(head, base64url(textOf(body).replace('{', '{"htm":"GET",')))
  }),
  wrong('a member of the key twice', (page, claims) => {
    const [head, body] = parts(page, claims)
    return page.signText(base64url(textOf(head).replace('"kty"', '"x":"AAAA","kty"')), body)
  }),
  wrong('a header that is not base64url', (page, claims) => {
    const [head, body] = parts(page, claims)
    return page.signText(`${head}*`, body)
  }),
  wrong('base64url with spare bits', (page, claims) => {
    const [head, body, signature] = parts(page, claims)
    // 64 bytes leave four bits of the last character unused.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return [head, body, signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1]].join('.')
  }),
  wrong('base64url with padding', (page, claims) => `${right(page, claims)}==`),
  wrong('base64 with + and /', (page, claims) => {
    const [head, body] = parts(page, claims)
    return page.signText(head, body, () => Buffer.alloc(64, 0xfb)).replaceAll('-', '+').replaceAll('_', '/')
  })
]

/** What only a proof beside a session can have wrong. */
export const hostileUses: HostileProof[] = [
  claim('ath missing', { ath: undefined }),
  claim('ath of another session', { ath: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
  claim('nonce a number', { nonce: 7 }),
  stale('nonce missing', (page, claims) => right(page, claims, { nonce: undefined })),
  stale('nonce empty', (page, claims) => right(page, claims, { nonce: '' })),
  stale('nonce cut', (page, claims) => right(page, claims, { nonce: claims.nonce.slice(0, -4) })),
  stale('nonce made up', (page, claims) => right(page, claims, { nonce: 'A'.repeat(claims.nonce.length - 1) })),
  stale('nonce with another time than the one that was signed', (page, claims) => {
    const bytes = Buffer.from(claims.nonce, 'base64url')
    bytes.writeUIntBE(bytes.readUIntBE(4, 6) + 1, 4, 6)
    return right(page, claims, { nonce: bytes.toString('base64url') })
  }),
  stale('nonce of another kind', (page, claims) => right(page, claims, { nonce: 'x'.repeat(300) }))
]
