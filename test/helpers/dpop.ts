import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, randomUUID, sign, type KeyObject } from 'node:crypto'

export const base64url = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Of a session, for a proof's `ath`. */
export const athOf = (session: string): string => hash('sha256', session, 'base64url')

export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

export interface ProofParts {
  header?: object
  claims?: object
  /** By another key than the page's own, or over something else. */
  signature?: (signed: string) => Buffer
}

const spki = { type: 'spki', format: 'der' } as const
const pkcs8 = { type: 'pkcs8', format: 'der' } as const

/** A page's key, and the proofs that it signs. A member that is given as undefined is left out. */
export class PageKey {
  readonly privateKey: KeyObject
  readonly jwk: Record<string, unknown>

  constructor () {
    // Node 20 hangs where a new pair is collected as garbage while one of its keys is exported as a JWK: these keys are none of the pair's.
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: spki, privateKeyEncoding: pkcs8 })
    this.privateKey = createPrivateKey({ key: privateKey, ...pkcs8 })
    const { kty, crv, x, y } = createPublicKey(this.privateKey).export({ format: 'jwk' })
    this.jwk = { kty, crv, x, y }
  }

  sign (signed: string): Buffer {
    return sign('sha256', Buffer.from(signed), { key: this.privateKey, dsaEncoding: 'ieee-p1363' })
  }

  proof ({ header = {}, claims = {}, signature = signed => this.sign(signed) }: ProofParts): string {
    return this.signText(
      base64url({ typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk, ...header }),
      base64url({ htm: 'POST', iat: nowSeconds(), jti: randomUUID(), ...claims }),
      signature)
  }

  /** A proof of parts that are text already. */
  signText (header: string, claims: string, signature = (signed: string) => this.sign(signed)): string {
    const signed = `${header}.${claims}`
    return `${signed}.${signature(signed).toString('base64url')}`
  }
}
