import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { base64url, nowSeconds } from './dpop.js'
import { freePort } from './free-port.js'

/** A key of an identity provider, and how it writes itself in a JWK Set. */
export interface ProviderKey {
  readonly privateKey: KeyObject
  readonly jwk: Record<string, unknown>
}

function keyOf ({ privateKey, publicKey }: { privateKey: KeyObject, publicKey: KeyObject }, more: object): ProviderKey {
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...more } }
}

export const newRsaKey = (kid: string, more: object = {}, modulusLength = 2048) => keyOf(generateKeyPairSync('rsa', { modulusLength }), { kid, use: 'sig', alg: 'RS256', ...more })
export const newEcKey = (kid: string, more: object = {}, namedCurve = 'P-256') => keyOf(generateKeyPairSync('ec', { namedCurve }), { kid, ...more })
export const newEd25519Key = (kid: string, more: object = {}) => keyOf(generateKeyPairSync('ed25519'), { kid, ...more })

/** Signs what stands before the last dot, by the algorithm that the header names. */
export const signers: Record<string, (signed: string, key: KeyObject) => Buffer> = {
  RS256: (signed, key) => sign('sha256', Buffer.from(signed), key),
  RS512: (signed, key) => sign('sha512', Buffer.from(signed), key),
  PS256: (signed, key) => sign('sha256', Buffer.from(signed), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ES256: (signed, key) => sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }),
  ES384: (signed, key) => sign('sha384', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (signed, key) => sign(null, Buffer.from(signed), key),
  Ed25519: (signed, key) => sign(null, Buffer.from(signed), key)
}

export const byHmac = (secret: string | Buffer) => (signed: string) => createHmac('sha256', secret).update(signed).digest()

export interface TokenParts {
  /** Members that are undefined are left out. */
  header?: object
  claims?: object
  /** In the place of the claims. */
  payload?: string | Buffer
  key?: ProviderKey
  signature?: (signed: string) => Buffer
}

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown

/** An OpenID provider as far as this broker sees it, on a port of its own. What it answers can be replaced while it runs. */
export interface Provider {
  issuer: string
  readonly port: number
  readonly rsa: ProviderKey
  /** The JWK Set. */
  keys: unknown[]
  /** Paths, in order. */
  readonly requests: string[]
  discovery: Answer
  jwks: Answer
  document (): Record<string, unknown>
  /** A token that is right, but for what is given. */
  token (parts?: TokenParts): string
  claims (): Record<string, unknown>
  bearer (parts?: TokenParts): string
  close (): Promise<void>
  listen (port: number): Promise<void>
}

export async function startProvider (keys: { rsa: ProviderKey, more?: unknown[] } = { rsa: newRsaKey('rsa-1') }): Promise<Provider> {
  const provider: Provider = {
    issuer: '',
    get port () { return Number(new URL(provider.issuer).port) },
    rsa: keys.rsa,
    keys: [keys.rsa.jwk, ...keys.more ?? []],
    requests: [],
    discovery: response => json(response, provider.document()),
    jwks: response => json(response, { keys: provider.keys }),
    document: () => ({ issuer: provider.issuer, jwks_uri: `${provider.issuer}jwks`, id_token_signing_alg_values_supported: ['RS256'] }),
    token ({ header = {}, claims = {}, payload, key = provider.rsa, signature } = {}) {
      const head: Record<string, unknown> = { alg: 'RS256', typ: 'JWT', kid: key.jwk.kid, ...header }
      const signed = `${base64url(head)}.${Buffer.from(payload ?? JSON.stringify({ ...provider.claims(), ...claims })).toString('base64url')}`
      return `${signed}.${(signature?.(signed) ?? signers[String(head.alg)]!(signed, key.privateKey)).toString('base64url')}`
    },
    claims: () => ({ iss: provider.issuer, aud: 'broker', sub: 'auth0|42', azp: 'web', iat: nowSeconds(), exp: nowSeconds() + 300 }),
    bearer: parts => `Bearer ${provider.token(parts)}`,
    async close () {
      const closed = once(server, 'close')
      server.close().closeAllConnections()
      await closed
    },
    listen: async port => { await once(server.listen(port, '127.0.0.1'), 'listening') }
  }
  const server = createServer((request, response) => {
    provider.requests.push(request.url!)
    if (request.url === '/.well-known/openid-configuration') provider.discovery(response, request)
    else if (request.url === '/jwks') provider.jwks(response, request)
    else response.writeHead(404).end()
  })
  // One that stays ours while nobody listens there.
  const port = await freePort()
  await provider.listen(port)
  provider.issuer = `http://127.0.0.1:${port}/`
  return provider
}

export function json (response: ServerResponse, body: unknown, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
