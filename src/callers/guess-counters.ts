import type { Counters, CounterSource } from '../limits/counters.js'
import type { KnownAddresses } from '../limits/memory/known-addresses.js'

/** Milliseconds. */
export const GUESSING_WINDOW = 15 * 60_000
/** Pairs of name and address that are counted at most: few guesses bring one to its limit, so there is room for 49 152 that are; that takes 273 hashes a second. */
const PAIRS = 65_536

/** What guesses are counted by, in windows of `GUESSING_WINDOW`. */
export interface GuessCounters {
  /** Wrong passwords per name and address. */
  pairs: Counters
  /** Wrong passwords per name. */
  names: Counters
  /** Guesses at remembered passwords that no hash decided, per name and address. */
  cachePairs: Counters
  /** The same per name. */
  cacheNames: Counters
  knownAddresses: KnownAddresses
}

/** In memory or shared. */
export function guessCounters (source: CounterSource): GuessCounters {
  return {
    pairs: source.counters('login-pair', GUESSING_WINDOW, PAIRS),
    names: source.counters('login-name', GUESSING_WINDOW),
    cachePairs: source.counters('cache-pair', GUESSING_WINDOW, PAIRS),
    cacheNames: source.counters('cache-name', GUESSING_WINDOW),
    knownAddresses: source.knownAddresses()
  }
}
