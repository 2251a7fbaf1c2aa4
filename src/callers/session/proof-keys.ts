import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Proof, PublicJwk } from './proof.js'

/** Keys; each takes some 2 KB. */
const MAX_KEYS = 4096

/** Checks signatures of proofs. To make a key of its coordinates costs as much as the check itself, so those that were used last are kept. */
export class ProofKeys {
  readonly #keys = new LRUCache<string, KeyObject>({ max: MAX_KEYS })

  isSigned ({ jwk, thumbprint, signed, signature }: Proof): boolean {
    const name = thumbprint.toString('base64url')
    const known = this.#keys.get(name)
    const key = known ?? keyOf(jwk)
    if (key === undefined || !verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature)) return false
    // Only those that can sign: who has none of them cannot crowd them out.
    if (known === undefined) this.#keys.set(name, key)
    return true
  }
}

/** Undefined for a point that is not on the curve. */
function keyOf (jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return undefined
  }
}
