import type { Counters, PlannedHit } from '../limits/counters.js'
import type { GuessNumbers } from './cache-guesses.js'
import type { GuessKeys } from './guess-keys.js'
import { isRefused, type Reservations } from './reservations.js'

/** A name may have this many times `failuresMax` wrong passwords: over all addresses, or at one address with right ones in between. */
const CEILING_FACTOR = 20

/** Counts the wrong passwords of a name: at one address, and over all addresses. */
export class FailureCounts {
  /** Wrong passwords that a name may have at one address. May change at any time. */
  failuresMax: number
  readonly #perNameAndAddress: Counters
  readonly #perName: Counters

  constructor (perNameAndAddress: Counters, perName: Counters, failuresMax: number) {
    this.#perNameAndAddress = perNameAndAddress
    this.#perName = perName
    this.failuresMax = failuresMax
  }

  get max (): GuessNumbers {
    return { perNameAndAddress: this.failuresMax, perName: this.failuresMax * CEILING_FACTOR }
  }

  /** Whether `reserve` is known to succeed now. False with counters in Redis, which cannot answer synchronously. */
  isFree ({ nameAndAddress, name }: GuessKeys): boolean {
    const { max } = this
    return this.#perNameAndAddress.isFull?.(nameAndAddress, max.perNameAndAddress) === false &&
      this.#perName.isFull?.(name, max.perName) === false
  }

  /** Reserves one attempt. Reserves nothing for the name where its address is already refused. */
  reserve ({ nameAndAddress, name }: GuessKeys): Reservations {
    const { max } = this
    const first = this.#perNameAndAddress.reserve(nameAndAddress, max.perNameAndAddress)
    return [first, isRefused(first) ? first : this.#perName.reserve(name, max.perName)]
  }

  /** Returns the hits that `reserve` will count. */
  plannedHits ({ nameAndAddress, name }: GuessKeys): PlannedHit[] {
    const { max } = this
    return [
      { counters: this.#perNameAndAddress, key: nameAndAddress, max: max.perNameAndAddress, hold: 1 },
      { counters: this.#perName, key: name, max: max.perName, hold: 1 }
    ]
  }

  /** Clears the failures at this address after a right password, but not those of the name. At most nineteen times the limit is cleared. */
  clear ({ nameAndAddress }: GuessKeys): void {
    this.#perNameAndAddress.clear(nameAndAddress, this.failuresMax * (CEILING_FACTOR - 1))
  }
}
