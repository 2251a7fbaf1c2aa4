import { createPublicKey } from 'node:crypto'
import { createLocalJWKSet, type JWK } from 'jose'
import { isRecord } from '../../lib/is-record.js'
import { KeysError } from './keys-error.js'

export type { JWK }

/** Providers publish two or three. */
const MAX_KEYS = 100

/** Of an RSA key: RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048

/** The keys with which an identity provider signs tokens. */
export interface KeySet {
  /** @throws JWKSNoMatchingKey, JWKSMultipleMatchingKeys */
  readonly find: ReturnType<typeof createLocalJWKSet>
  readonly keys: readonly JWK[]
}

/**
 * Reads a JWK Set (RFC 7517 §5) and leaves out the keys that cannot verify signatures.
 * @throws KeysError if it is not a JWK Set, or no key is left
 */
export function keySetOf (value: unknown): KeySet {
  const all = isRecord(value) ? value.keys : undefined
  if (!Array.isArray(all)) throw new KeysError('the key set is not a JSON object with a list "keys"')
  if (all.length > MAX_KEYS) throw new KeysError(`the key set has more than ${MAX_KEYS} keys`)
  const keys = all.flatMap(usable)
  if (keys.length === 0) throw new KeysError('the key set holds no public key for signatures that can be used')
  return { find: createLocalJWKSet({ keys }), keys }
}

/**
 * Returns nothing for a secret, a private key, a key for encryption, a key that is too short, and anything else that is not a public key.
 */
function usable (jwk: unknown): JWK[] {
  if (!isRecord(jwk) || jwk.kty === 'oct' || jwk.d !== undefined || (jwk.use !== undefined && jwk.use !== 'sig')) return []
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' })
    if ((asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) < MIN_RSA_BITS) return []
  } catch {
    return []
  }
  // RFC 9864: `EdDSA` with this curve and `Ed25519` are one algorithm. The token may use the other name, so the key names none.
  if (jwk.crv === 'Ed25519') return [{ ...jwk, alg: undefined } as unknown as JWK]
  return [jwk as JWK]
}
