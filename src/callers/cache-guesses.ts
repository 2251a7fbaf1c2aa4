import type { Counters } from '../limits/counters.js'
import type { KnownAddresses } from '../limits/memory/known-addresses.js'
import type { GuessKeys } from './guess-keys.js'

/** A count per name and address, and one per name. */
export interface GuessNumbers {
  perNameAndAddress: number
  perName: number
}

/**
 * Counts guesses at cached passwords whose client hung up before a hash decided.
 *
 * A cached right password is answered immediately. So the delay alone tells an attacker that a guess was wrong, who can then hang up before
 * the hash begins. Counting that as a wrong password would let attackers lock names without spending a hash, and fill the table of locks.
 * Not counting it would make guesses free. So it only uses up the cache: after as many such guesses as wrong passwords are allowed,
 * passwords of that name from that address are no longer compared with the cache. Every login then waits for a hash, so hanging up tells
 * nothing, and the right password still works. The same goes for logins that get an error instead of a hash, because the queue is full or
 * the store is unavailable. If no password is cached for a name, a hang-up is no failed attempt and counts nowhere.
 */
export class CacheGuesses {
  readonly #perNameAndAddress: Counters
  readonly #perName: Counters
  readonly #knownAddresses: KnownAddresses

  constructor (perNameAndAddress: Counters, perName: Counters, knownAddresses: KnownAddresses) {
    this.#perNameAndAddress = perNameAndAddress
    this.#perName = perName
    this.#knownAddresses = knownAddresses
  }

  /** Whether no such guess was counted. Always false with counters in Redis, which cannot answer synchronously. */
  isUntouched ({ nameAndAddress, name }: GuessKeys): boolean {
    return this.#perNameAndAddress.isFull?.(nameAndAddress, 1) === false && this.#perName.isFull?.(name, 1) === false
  }

  /**
   * Whether a password may be compared with the cache. Attempts under way count as guesses, because each of them may hang up.
   * A known address is only bound by its own limit, so that guesses from elsewhere do not slow down users at home.
   */
  mayCompare ({ canonicalName, nameAndAddress, name, address }: GuessKeys, max: GuessNumbers, underWay: GuessNumbers): boolean {
    const hasLeft = (counters: Counters, key: string, max: number, underWay: number): boolean => {
      const { used, exceeded } = counters.read(key, max)
      return !exceeded && used + underWay <= max
    }
    return hasLeft(this.#perNameAndAddress, nameAndAddress, max.perNameAndAddress, underWay.perNameAndAddress) &&
      (hasLeft(this.#perName, name, max.perName, underWay.perName) || this.#knownAddresses.hasHere(canonicalName, address))
  }

  count ({ nameAndAddress, name }: GuessKeys, max: GuessNumbers): void {
    const hits = [this.#perNameAndAddress.consume(nameAndAddress, max.perNameAndAddress), this.#perName.consume(name, max.perName)]
    for (const hit of hits) {
      // Ignores an outage of Redis: no login is admitted during one, so nothing can be compared either.
      if (hit instanceof Promise) hit.catch(() => {})
    }
  }
}
