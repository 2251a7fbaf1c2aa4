import type { Reservation } from '../limits/counters.js'
import type { CacheGuesses, GuessNumbers } from './cache-guesses.js'
import type { GuessKeys } from './guess-keys.js'

/** The right to try one password. Call one function, once. */
export interface LoginAttempt {
  /** Whether the password may be compared with the cache. */
  readonly mayUseCache: boolean
  /** The password was right. */
  succeeded (): void
  /** The password was wrong. */
  failed (): void
  /**
   * No hash decided: the store was unavailable, or the client hung up.
   * @param hasGuessed whether the password was compared with a cached one, and differed
   */
  cancelled (hasGuessed?: boolean): void
}

export interface AttemptParts {
  keys: GuessKeys
  perNameAndAddress: Reservation
  perName: Reservation
  max: GuessNumbers
  cacheGuesses: CacheGuesses
  onSuccess: () => void
  /** Called after every other outcome: a waiting login may now have its turn. */
  onEnd: () => void
}

/** Turns two granted reservations into an attempt, which settles both of them. */
export function loginAttempt ({ keys, perNameAndAddress, perName, max, cacheGuesses, onSuccess, onEnd }: AttemptParts): LoginAttempt {
  const settle = (outcome: 'commit' | 'release') => {
    perNameAndAddress[outcome]()
    perName[outcome]()
  }
  return {
    mayUseCache: cacheGuesses.mayCompare(keys, max, { perNameAndAddress: perNameAndAddress.held, perName: perName.held }),
    succeeded () {
      settle('release')
      onSuccess()
    },
    failed () {
      settle('commit')
      onEnd()
    },
    cancelled (hasGuessed = false) {
      if (hasGuessed) cacheGuesses.count(keys, max)
      settle('release')
      onEnd()
    }
  }
}
