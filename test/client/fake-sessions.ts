import { createHash, createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import type { Test } from 'tap'
import { TokenBroker, type TokenBrokerOptions } from '../../src/client/index.js'
import { problem, setUp, susan, type Asked, type makeWorld, type Reply } from './world.js'

/** How a request says who asks that brings susan's password. */
export const basic = `Basic ${btoa('susan:secret123')}`

interface Proof {
  header: { typ?: string, alg?: string, jwk?: JsonWebKey }
  claims: { htm?: string, htu?: string, iat?: number, jti?: string, ath?: string, nonce?: string }
}

/** Reads a proof as RFC 9449 §4.3 says, and throws where it is not exactly what the client is to make. */
export function readProof (proof: string): Proof {
  const [head, body, signature, ...rest] = proof.split('.') as [string, string, string]
  if (rest.length > 0 || !/^[\w.-]+$/.test(proof) || proof.length > 1024) throw new Error('the form')
  const [header, claims] = [head, body].map(part => JSON.parse(Buffer.from(part, 'base64url').toString()) as object) as [Proof['header'], Proof['claims']]
  if (header.typ !== 'dpop+jwt' || header.alg !== 'ES256' || Object.keys(header.jwk!).sort().join() !== 'crv,kty,x,y') throw new Error('the header')
  const key = createPublicKey({ key: header.jwk!, format: 'jwk' })
  if (!verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) throw new Error('the signature')
  return { header, claims }
}

/**
 * A broker with sessions, in a world: it takes susan's password, and proofs as strictly as the real one. `wrong` holds whatever it
 * found wrong with a proof.
 */
export function openSessions (world: ReturnType<typeof makeWorld>) {
  const seen = new Set<string>()
  let nonces = 0
  const broker = {
    password: 'secret123',
    /** The sessions that are open, each with its key. */
    open: new Map<string, string>(),
    wrong: [] as unknown[],
    /** How many sign-ins there were. */
    signIns: 0,
    nonce: 'nonce 0',
    end () { broker.open.clear() },
    renewNonce () { broker.nonce = `nonce ${++nonces}` }
  }
  const stale = (): Reply => ({ status: 401, body: { code: 'proof-stale', detail: 'This is proof-stale.', requestId: 'req-1', now: world.brokerNow }, headers: { 'DPoP-Nonce': broker.nonce } })
  const given = (status: number, body?: object): Reply => ({ status, ...(body && { body }), headers: { 'DPoP-Nonce': broker.nonce } })

  const judge = ({ method, url, authorization, proof }: Asked): Reply | undefined => {
    const { pathname } = new URL(url)
    if (proof === null) return problem(401, 'proof-wrong')
    const { header, claims } = readProof(proof)
    const [, session] = /^DPoP (ttb_[\w-]+)$/.exec(authorization) ?? []
    if (claims.htm !== method || claims.htu !== url) throw new Error('the request')
    const ath = session && createHash('sha256').update(session).digest('base64url')
    if (claims.ath !== ath) throw new Error('ath')
    if (session !== undefined && !broker.open.has(session)) return problem(401, 'session-ended')
    if (!Number.isInteger(claims.iat)) throw new Error('iat')
    if (Math.abs(claims.iat! - world.brokerNow) > 60 || (session !== undefined && claims.nonce !== broker.nonce)) return stale()
    if (session !== undefined && broker.open.get(session) !== header.jwk!.x) throw new Error('the key')
    if (seen.has(claims.jti!)) return problem(401, 'proof-replayed')
    seen.add(claims.jti!)
    if (session === undefined) {
      if (authorization !== `Basic ${btoa(`susan:${broker.password}`)}`) return problem(401, 'credentials-wrong')
      const opened = `ttb_${++broker.signIns}`
      broker.open.set(opened, header.jwk!.x!)
      return given(201, { session: opened, identity: 'susan', expiresIn: 43_200, expiresAt: '', now: world.brokerNow })
    }
    if (!pathname.endsWith('/session')) return undefined
    broker.open.delete(session)
    return given(204)
  }

  world.answer = asked => {
    try {
      if (!/^DPoP /.test(asked.authorization) && !asked.url.endsWith('/session')) return undefined
      return judge(asked)
    } catch (error) {
      broker.wrong.push(error)
      return problem(401, 'proof-wrong')
    }
  }
  return broker
}

/** A page of susan's, whose device has the right time, and a broker with sessions. */
export function signUp (t: Test, options: Partial<TokenBrokerOptions> = {}) {
  let calls = 0
  const page = setUp(t, { session: true, credentials () { calls++; return susan }, ...options })
  page.world.setWall(page.world.brokerNow * 1000)
  const sessions = openSessions(page.world)
  /** The path of each request, and how it says who asks. */
  const asked = () => page.world.asked.map(({ method, url, authorization }) => `${method} ${new URL(url).pathname} ${authorization.split(' ')[0]}`)
  const broker = new TokenBroker({ url: 'https://tokens.example.com/', credentials () { calls++; return susan }, onError: error => page.errors.push(error), ...options })
  return { ...page, broker, sessions, asked, get calls () { return calls } }
}
