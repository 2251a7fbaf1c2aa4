import type { Marks, PlannedHit } from '../../limits/counters.js'
import { problem } from '../../problems.js'
import { PROOF_LIFE_SECONDS, ProofMemory } from './proof-memory.js'

/** Lets each DPoP proof be used only once: on this node and, with Redis, on all nodes. */
export class UsedProofs {
  readonly #memory: ProofMemory
  readonly #shared: Marks | undefined
  readonly #pending = new Set<string>()

  constructor (shared?: Marks, memory = new ProofMemory()) {
    this.#shared = shared
    this.#memory = memory
  }

  /** Number of proofs that were forgotten while they were still valid, because there were too many. */
  get forgotten (): number {
    return this.#memory.forgotten
  }

  /**
   * Marks a proof as used; call it after its signature was verified. Remembers no proof that `limit` refuses, so that no caller can fill
   * the memory.
   * @param limit counts a hit for the caller, and throws beyond the caller's limit
   * @param hit the one that `limit` will count, so that one round trip to Redis does both
   * @throws Problem `proof-replayed`, or what `limit` throws
   */
  async use (proof: string, limit?: () => void | Promise<void>, hit?: PlannedHit): Promise<void> {
    if (this.#memory.has(proof) || this.#pending.has(proof)) throw problem('proof-replayed')
    this.#pending.add(proof)
    try {
      if (await this.#shared?.setOnce('proof', proof, PROOF_LIFE_SECONDS * 1000, hit) === false) throw problem('proof-replayed')
      await limit?.()
      this.#memory.add(proof)
    } finally {
      this.#pending.delete(proof)
    }
  }
}
