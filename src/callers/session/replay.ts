import { hash, randomBytes } from 'node:crypto'
import type { PlannedHit, Marks } from '../../limits/counters.js'
import { problem } from '../../problems.js'

/** Seconds for which a proof can be taken at all: its `iat` may be 60 s off either way. */
export const PROOF_LIFE = 120

/** Proofs that fit: a power of two. With it the memory takes 8 MB. */
const MAX_PROOFS = 2 ** 18
const DIGEST_WORDS = 4

/**
 * The proofs that this node took last, in a fixed amount of memory: full, it forgets the oldest. It is a ring of digests in order of arrival, and a table of
 * chains to find them by. Typed arrays, as a Map of so many texts takes four times the memory, and a garbage collection that stops the process.
 */
export class ProofMemory {
  readonly #size: number
  readonly #digests: Uint32Array
  /** Seconds, by a clock that never steps. */
  readonly #times: Uint32Array
  /** Of each chain the place of its newest proof, counted from 1; 0 is none. */
  readonly #heads: Uint32Array
  /** Of each place the next older one of its chain. */
  readonly #older: Uint32Array
  /** Unknown to strangers, so that none can choose proofs which all come into one chain. */
  readonly #salt = randomBytes(16).toString('hex')
  readonly #now: () => number
  #count = 0
  #forgotten = 0

  /** @param now a clock that never steps, in milliseconds */
  constructor (size = MAX_PROOFS, now = () => performance.now()) {
    this.#size = size
    this.#digests = new Uint32Array(size * DIGEST_WORDS)
    this.#times = new Uint32Array(size)
    this.#heads = new Uint32Array(size * 2)
    this.#older = new Uint32Array(size)
    this.#now = now
  }

  /** Proofs that were forgotten while they could still have been used again. */
  get forgotten (): number {
    return this.#forgotten
  }

  has (proof: string): boolean {
    const digest = this.#digest(proof)
    for (let place = this.#heads[this.#chainOf(digest)]!; place !== 0; place = this.#older[place - 1]!) {
      if (digest.every((word, i) => this.#digests[(place - 1) * DIGEST_WORDS + i] === word)) return true
    }
    return false
  }

  add (proof: string): void {
    const digest = this.#digest(proof)
    const index = this.#count++ % this.#size
    if (this.#count > this.#size) this.#forget(index)
    const chain = this.#chainOf(digest)
    this.#digests.set(digest, index * DIGEST_WORDS)
    this.#times[index] = this.#now() / 1000
    this.#older[index] = this.#heads[chain]!
    this.#heads[chain] = index + 1
  }

  #forget (index: number): void {
    if (this.#now() / 1000 - this.#times[index]! <= PROOF_LIFE) this.#forgotten++
    const chain = this.#chainOf(this.#digests.subarray(index * DIGEST_WORDS))
    const place = index + 1
    // The oldest of all is the last of its chain.
    if (this.#heads[chain] === place) this.#heads[chain] = 0
    else this.#older[this.#newerOf(chain, place) - 1] = 0
  }

  #newerOf (chain: number, place: number): number {
    let newer = this.#heads[chain]!
    while (this.#older[newer - 1] !== place) newer = this.#older[newer - 1]!
    return newer
  }

  #chainOf (digest: Uint32Array): number {
    return digest[0]! % this.#heads.length
  }

  #digest (proof: string): Uint32Array {
    const bytes = hash('sha256', this.#salt + proof, 'buffer')
    return Uint32Array.from({ length: DIGEST_WORDS }, (_, i) => bytes.readUInt32LE(i * 4))
  }
}

/** Lets each proof be used once: on this node and, where there is a Redis, on all. */
export class UsedProofs {
  readonly #memory: ProofMemory
  readonly #shared: Marks | undefined
  readonly #underWay = new Set<string>()

  constructor (shared?: Marks, memory = new ProofMemory()) {
    this.#shared = shared
    this.#memory = memory
  }

  /** Proofs that were forgotten, as there were too many, while they could still have been used again. */
  get forgotten (): number {
    return this.#memory.forgotten
  }

  /**
   * Takes a proof whose signature is right. One that its caller's limit refuses is not taken, so that no caller can fill the memory.
   * @param limit counts a hit for the caller, and throws where it is one too many
   * @param ask what `limit` will ask the counters for, so that Redis is asked once for both
   * @throws Problem `proof-replayed`, or what `limit` throws
   */
  async use (proof: string, limit?: () => Promise<void> | undefined, ask?: PlannedHit): Promise<void> {
    if (this.#memory.has(proof) || this.#underWay.has(proof)) throw problem('proof-replayed')
    this.#underWay.add(proof)
    try {
      if (await this.#shared?.setOnce('proof', proof, PROOF_LIFE * 1000, ask) === false) throw problem('proof-replayed')
      await limit?.()
      this.#memory.add(proof)
    } finally {
      this.#underWay.delete(proof)
    }
  }
}
