import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { TurnQueue } from '../../lib/turn-queue.js'
import { readProofHeader, type Proof, type ProofHeader, type PublicJwk } from './proof.js'

/** A key and its header take about 3 KB. */
const MAX_KEYS = 4096

interface KnownKey {
  readonly header: ProofHeader
  readonly key: KeyObject
}

/**
 * Verifies signatures of DPoP proofs. Caches keys by headers: a page sends the same one each time, and importing a key costs as much as a
 * verification.
 */
export class ProofKeys {
  readonly #keys = new LRUCache<string, KnownKey>({ max: MAX_KEYS })
  readonly #turns = new TurnQueue()

  /** Returns undefined for a header that no proof may have. */
  readHeader (encoded: string): ProofHeader | undefined {
    return this.#keys.get(encoded)?.header ?? readProofHeader(encoded)
  }

  /**
   * Resolves when the signature may be verified: for a new key in a later turn. After a restart all keys are new, and verifying
   * very many without a pause would delay other requests.
   */
  async turnFor ({ encodedHeader }: Proof): Promise<void> {
    if (!this.#keys.has(encodedHeader)) await this.#turns.next()
  }

  isSigned ({ jwk, thumbprint, encodedHeader, signed, signature }: Proof): boolean {
    const known = this.#keys.get(encodedHeader)
    const key = known?.key ?? keyOf(jwk)
    if (key === undefined || !verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature)) return false
    // Only keys with a valid signature are cached, so that invented keys cannot displace them.
    if (known === undefined) this.#keys.set(encodedHeader, { header: { jwk, thumbprint }, key })
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
