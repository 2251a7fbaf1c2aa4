import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Proof, PublicJwk } from './proof.js'

/** A key takes about 2 KB. */
const MAX_KEYS = 4096

/** Verifies signatures of proofs. Caches keys, because importing one costs as much as a verification. */
export class ProofKeys {
  readonly #keys = new LRUCache<string, KeyObject>({ max: MAX_KEYS })

  isSigned ({ jwk, thumbprint, signed, signature }: Proof): boolean {
    const name = thumbprint.toString('base64url')
    const known = this.#keys.get(name)
    const key = known ?? keyOf(jwk)
    if (key === undefined || !verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature)) return false
    // Only keys with a valid signature are cached, so that invented keys cannot displace them.
    if (known === undefined) this.#keys.set(name, key)
    return true
  }
}

/** Returns undefined for a point that is not on the curve. */
function keyOf (jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return undefined
  }
}
