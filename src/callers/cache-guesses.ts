import type { Counters } from '../limits/counters.js'
import type { KnownAddresses } from '../limits/memory/known-addresses.js'
import type { Guess } from './guess.js'

/**
 * Counts guesses at remembered passwords that no hash decided.
 *
 * A right password that is remembered is answered at once. So whoever gets no answer at once knows that the guess was wrong, and can leave before its
 * hash begins. To count that as a wrong password would lock names that nobody spent a hash on, and fill the table of locks with them. To count nothing
 * would let everybody guess for free. So it is counted here, and what is used up here is the short cut and not the login: after as many such guesses as
 * wrong passwords are allowed, passwords of that name from that address are no longer compared with what is remembered. Each of them waits for a hash
 * like a first login, so to leave early tells nothing, and the right one still gets in. The same goes for logins that are refused in place of a hash, as
 * the queue is full or the store is away. Where nothing is remembered for a name, nothing was guessed, and to leave counts nowhere.
 */
export class CacheGuesses {
  readonly #pairs: Counters
  readonly #names: Counters
  readonly #knownAddresses: KnownAddresses

  constructor (pairs: Counters, names: Counters, knownAddresses: KnownAddresses) {
    this.#pairs = pairs
    this.#names = names
    this.#knownAddresses = knownAddresses
  }

  /** Whether there was none. Only where counters answer at once. */
  isUntouched ({ pair, name }: Guess): boolean {
    return this.#pairs.isFull?.(pair, 1) === false && this.#names.isFull?.(name, 1) === false
  }

  /**
   * Whether a password may be compared with a remembered one. Those that are under way count, as each may leave.
   * An address where the name signed in before has its own limit only, so that guesses from elsewhere take the short cut from nobody at home.
   */
  mayCompare ({ pair, name, address }: Guess, max: { pair: number, name: number }, underWay: { pair: number, name: number }): boolean {
    const isLeft = (counters: Counters, key: string, max: number, underWay: number): boolean => {
      const { used, exceeded } = counters.read(key, max)
      return !exceeded && used + underWay <= max
    }
    return isLeft(this.#pairs, pair, max.pair, underWay.pair) &&
      (isLeft(this.#names, name, max.name, underWay.name) || this.#knownAddresses.hasHere(name, address))
  }

  count ({ pair, name }: Guess, max: { pair: number, name: number }): void {
    for (const taken of [this.#pairs.consume(pair, max.pair), this.#names.consume(name, max.name)]) {
      // Without counters no login is let in, so nothing is compared either.
      if (taken instanceof Promise) taken.catch(() => {})
    }
  }
}
