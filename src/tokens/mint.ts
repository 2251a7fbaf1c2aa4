import { createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto'
import type { Grant } from '../products/contract.js'

export interface SigningKey {
  /** `AC` and 32 hexadecimal digits. */
  accountSid: string
  /** `SK` and 32 hexadecimal digits. */
  keySid: string
  keySecret: string
  /** Twilio's region, such as `ie1`; written to the token's header as `twr`. */
  region?: string | undefined
}

export interface TokenClaims {
  identity: string
  /** Seconds, 180 to 86400. */
  ttl: number
  grants: Grant[]
}

export interface SignedToken {
  token: string
  /** As in the token, without the identity. */
  grants: Record<string, object>
  /** ISO 8601. */
  expiresAt: string
  /**
   * SHA-256 of the token, hexadecimal. Identifies the token in the audit, which must not contain it; `jti` is not unique within a second.
   */
  sha256: string
}

export interface Mint {
  readonly keySid: string
  /**
   * Signs a token.
   * @throws TypeError for a grant with the key `identity`
   */
  sign (claims: TokenClaims): SignedToken
  /** Returns a keyed hash, 32 hexadecimal digits, which distinguishes names in the audit without revealing them. */
  hashName (name: string): string
}

/**
 * Creates the mint, which signs access tokens. Nothing else holds the API key's secret.
 *
 * The tokens equal those of Twilio's `AccessToken` byte for byte, which a test checks. That class is not used because it signs through
 * jsonwebtoken, which takes three times as long.
 * @example
 * const mint = createMint({ accountSid, keySid, keySecret })
 * const { token } = mint.sign({ identity: 'susan', ttl: 3600, grants: [new VideoGrant({ room: 'lobby' })] })
 * @see https://www.twilio.com/docs/iam/access-tokens
 */
export function createMint ({ accountSid, keySid, keySecret, region }: SigningKey): Mint {
  const signingKey = createSecretKey(Buffer.from(keySecret))
  const nameKey = createSecretKey(Buffer.from(hkdfSync('sha256', keySecret, '', 'names in the audit', 32)))
  const header = base64url({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1', ...(region && { twr: region }) })

  return {
    keySid,
    sign ({ identity, ttl, grants }) {
      // The token holds the identity among the grants, so a grant with that key would replace it.
      if (grants.some(({ key }) => key === 'identity')) throw new TypeError('no grant may be called identity')
      const payloads = Object.fromEntries(grants.map(grant => [grant.key, grant.toPayload()]))
      const iat = Math.floor(Date.now() / 1000)
      const exp = iat + ttl
      const signed = `${header}.${base64url({ jti: `${keySid}-${iat}`, grants: { identity, ...payloads }, iat, exp, iss: keySid, sub: accountSid })}`
      const token = `${signed}.${createHmac('sha256', signingKey).update(signed).digest('base64url')}`
      return { token, grants: payloads, expiresAt: new Date(exp * 1000).toISOString(), sha256: hash('sha256', token) }
    },
    hashName: name => createHmac('sha256', nameKey).update(name).digest('hex').slice(0, 32)
  }
}

/** RFC 7515 §2 */
function base64url (json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}
