import type { Counters, CounterSource } from '../limits/counters.js'
import type { KnownAddresses } from '../limits/memory/known-addresses.js'

export const GUESSING_WINDOW_MS = 15 * 60_000

/** A few wrong passwords lock a pair of name and address, so this table is large: filling it with locked ones takes 273 hashes a second. */
const MAX_PAIRS = 65_536

/** The counters of a `GuessLimiter`, in windows of `GUESSING_WINDOW_MS`. */
export interface GuessCounters {
  /** Wrong passwords. */
  perNameAndAddress: Counters
  perName: Counters
  /** Guesses at cached passwords that no hash decided; see `CacheGuesses`. */
  cachePerNameAndAddress: Counters
  cachePerName: Counters
  knownAddresses: KnownAddresses
}

export function guessCounters (source: CounterSource): GuessCounters {
  return {
    perNameAndAddress: source.counters('login-pair', GUESSING_WINDOW_MS, MAX_PAIRS),
    perName: source.counters('login-name', GUESSING_WINDOW_MS),
    cachePerNameAndAddress: source.counters('cache-pair', GUESSING_WINDOW_MS, MAX_PAIRS),
    cachePerName: source.counters('cache-name', GUESSING_WINDOW_MS),
    knownAddresses: source.knownAddresses()
  }
}
