import { hash, randomBytes } from 'node:crypto'

/** A DPoP proof is valid for at most this long: its `iat` may be 60 s off in either direction. */
export const PROOF_LIFE_SECONDS = 120

/** A power of two. The memory then takes 8 MB. */
const MAX_PROOFS = 2 ** 18
const DIGEST_WORDS = 4

/**
 * Remembers the last DPoP proofs of this node in a fixed amount of memory; when it is full, it forgets the oldest.
 *
 * It is a ring buffer of digests with a hash table of linked chains, in typed arrays: a Map of so many texts takes four times the memory,
 * and its garbage collection pauses the process.
 */
export class ProofMemory {
  readonly #size: number
  readonly #digests: Uint32Array
  /** When each proof was used, in seconds of the monotonic clock. */
  readonly #times: Uint32Array
  /** The newest proof of each chain, as its index plus 1; 0 for an empty chain. */
  readonly #heads: Uint32Array
  /** For each proof the next older one of its chain, in the same form. */
  readonly #older: Uint32Array
  /** Secret, so that nobody can choose proofs that all fall into one chain. */
  readonly #salt = randomBytes(16).toString('hex')
  readonly #now: () => number
  #count = 0
  #forgotten = 0

  /** @param now a monotonic clock, in milliseconds */
  constructor (size = MAX_PROOFS, now = () => performance.now()) {
    this.#size = size
    this.#digests = new Uint32Array(size * DIGEST_WORDS)
    this.#times = new Uint32Array(size)
    this.#heads = new Uint32Array(size * 2)
    this.#older = new Uint32Array(size)
    this.#now = now
  }

  /** Number of proofs that were forgotten while they were still valid, so that they could be replayed. */
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
    if (this.#now() / 1000 - this.#times[index]! <= PROOF_LIFE_SECONDS) this.#forgotten++
    const chain = this.#chainOf(this.#digests.subarray(index * DIGEST_WORDS))
    const place = index + 1
    // The oldest proof of all is also the last of its chain.
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
