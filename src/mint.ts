import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import type { Grant } from './product.js'

export interface Account {
  accountSid: string
  keySid: string
  keySecret: string
  /** Written to the token's header as `twr`. */
  region?: string | undefined
}

export interface Order {
  identity: string
  /** Seconds, 180 to 86400. */
  ttl: number
  grants: Grant[]
}

export interface Minted {
  token: string
  /** As in the token, without the identity. */
  grants: Record<string, object>
  expiresAt: Date
  /** SHA-256 of the token, hexadecimal: names it in the audit, which must not hold it. `jti` repeats within a second. */
  sha256: string
}

export interface Mint {
  readonly keySid: string
  sign (order: Order): Minted
  /** A keyed hash, so that a log can tell one name from another without telling either. */
  hashName (name: string): string
}

/** The only room that holds the API key's secret. */
export function createMint ({ accountSid, keySid, keySecret, region }: Account): Mint {
  // As a string, jsonwebtoken first tries the secret as a private key, at 40 times the cost of the signature itself.
  // The types know strings only.
  const key = createSecretKey(Buffer.from(keySecret)) as KeyObject & string
  const nameKey = createSecretKey(Buffer.from(hkdfSync('sha256', keySecret, '', 'names in the audit', 32)))

  return {
    keySid,
    sign ({ identity, ttl, grants }) {
      const accessToken = new AccessToken(accountSid, keySid, key, { identity, ttl, ...(region && { region }) })
      for (const grant of grants) {
        // Twilio's class writes the identity among the grants: one that is called so would put another in its place.
        if (grant.key === 'identity') throw new TypeError('no grant may be called identity')
        accessToken.addGrant(grant as AccessToken.Grant<object, object, string>)
      }
      const token = accessToken.toJwt()
      const { exp, grants: { identity: _, ...written } } = claims(token)
      return { token, grants: written, expiresAt: new Date(exp * 1000), sha256: createHash('sha256').update(token).digest('hex') }
    },
    hashName: name => createHmac('sha256', nameKey).update(name).digest('hex').slice(0, 32)
  }
}

/** Read back rather than computed again: answer and audit say what the token says. */
function claims (token: string): { exp: number, grants: { identity: string } & Record<string, object> } {
  return JSON.parse(Buffer.from(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')), 'base64url').toString())
}
