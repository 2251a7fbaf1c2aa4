import { isExhausted, retryAfter, type Count, type PlannedHit, type Reservation } from '../limits/counters.js'
import type { KnownAddresses } from '../limits/memory/known-addresses.js'
import { limited, problem, type Problem } from '../problems.js'
import { CacheGuesses } from './cache-guesses.js'
import { FailureCounts } from './failure-counts.js'
import type { GuessCounters } from './guess-counters.js'
import { guessKeys, type GuessKeys } from './guess-keys.js'
import { loginAttempt, type LoginAttempt } from './login-attempt.js'
import type { LockedNames } from './locked-names.js'
import { both, isGranted, type Reservations } from './reservations.js'
import type { LoginContext } from './store.js'
import { WaitingLine, type Waiter } from './waiting-line.js'

const MAX_WAIT_MS = 10_000

export interface GuessLimiterOptions extends GuessCounters {
  /** Wrong passwords that a name may have at one address; at least 1. */
  failuresMax: number
  /** When an operator unlocked a name; undefined where none did. By default, none ever does. */
  unlockedAt?: (canonicalName: string) => string | undefined
  /** Told of each name that is refused as locked. */
  lockedNames?: Pick<LockedNames, 'add'> | undefined
  /** Milliseconds that a login may wait while other logins of its name have reserved all attempts; by default 10 000. */
  maxWaitMs?: number
}

/**
 * Bounds how many passwords can be tried for a name in 15 minutes: `failuresMax` at one address, and twenty times as many over all
 * addresses.
 *
 * An attempt is reserved before its password is compared with anything, the cache included: beyond the limit, an answer from the cache
 * tells an attacker as much as a hash does. An attempt under way is not a failure yet. So while all attempts are reserved, the next login
 * waits, and parallel logins with the right password are never refused.
 *
 * A right password clears the failures of its name at its address, so that a user who mistypes starts anew. An attacker at the same address
 * could use that to guess for ever between two right passwords. So at most nineteen times the limit is cleared, which makes twenty times
 * the limit in all.
 *
 * At a name's ceiling, only addresses from which it logged in during the last week are admitted, so that nobody can lock users out at home.
 * The limiter does not know which names exist, so unknown names are limited in the same way.
 *
 * A counter never decreases within a window, even if a node or Redis reports less. So a name that an operator unlocks gets new counters.
 */
export class GuessLimiter {
  readonly #failures: FailureCounts
  readonly #knownAddresses: KnownAddresses
  readonly #cacheGuesses: CacheGuesses
  readonly #unlockedAt: (canonicalName: string) => string | undefined
  readonly #lockedNames: Pick<LockedNames, 'add'> | undefined
  readonly #maxWaitMs: number
  readonly #waitingLine = new WaitingLine()

  constructor (options: GuessLimiterOptions) {
    this.#failures = new FailureCounts(options.perNameAndAddress, options.perName, options.failuresMax)
    this.#knownAddresses = options.knownAddresses
    this.#cacheGuesses = new CacheGuesses(options.cachePerNameAndAddress, options.cachePerName, options.knownAddresses)
    this.#unlockedAt = options.unlockedAt ?? (() => undefined)
    this.#lockedNames = options.lockedNames
    this.#maxWaitMs = options.maxWaitMs ?? MAX_WAIT_MS
  }

  /** A reload may change the limit. What is counted stays. */
  limitFailures (failuresMax: number): void {
    this.#failures.failuresMax = failuresMax
  }

  /**
   * Admits a cached right password synchronously. Within one turn of the event loop an attempt would be reserved and released, so it is
   * enough to check that one is free.
   * @param compare looks into the cache; called only if an attempt is free
   * @returns what `compare` found; undefined where a login has to `reserve`: no attempt is free, counters are in Redis, or wrong passwords
   * were compared with the cache
   */
  tryFastPath<T> (name: string, ip: string, compare: () => T | null | undefined): T | undefined {
    const keys = guessKeys(name, ip, this.#unlockedAt)
    if (!this.#failures.isFree(keys) || !this.#cacheGuesses.isUntouched(keys)) return
    const found = compare() ?? undefined
    if (found !== undefined) this.#onSuccess(keys)
    return found
  }

  /**
   * Reserves one attempt; waits where all are taken by attempts under way. Returns a value where it need not wait and counters are in
   * memory.
   * @param login its signal ends the wait. It is read only then, because creating a signal costs as much as signing a token
   * @throws Problem `login-limited` at the limit, `overloaded` when too many logins wait or one waits too long, `limiter-unavailable`; or
   * the reason of the aborted signal
   */
  reserve (name: string, login: LoginContext): LoginAttempt | Promise<LoginAttempt> {
    const keys = guessKeys(name, login.ip, this.#unlockedAt)
    const reservations = this.#failures.reserve(keys)
    const [perNameAndAddress, perName] = reservations
    return isGranted(perNameAndAddress) && isGranted(perName)
      ? this.#attempt(keys, perNameAndAddress, perName)
      : this.#wait(keys, login, reservations)
  }

  /** Returns the hits that `reserve` will count. */
  plannedHits (name: string, ip: string): PlannedHit[] {
    return this.#failures.plannedHits(guessKeys(name, ip, this.#unlockedAt))
  }

  async #wait (keys: GuessKeys, login: LoginContext, reservations: Reservations): Promise<LoginAttempt> {
    const until = performance.now() + this.#maxWaitMs
    let waiter: Waiter | undefined
    try {
      for (;;) {
        const [perNameAndAddress, perName] = await both(reservations)
        const attempt = await this.#decide(keys, perNameAndAddress, perName)
        if (attempt !== undefined) return attempt
        if (performance.now() > until) throw problem('overloaded', { retryAfter: 1 })
        const line = perNameAndAddress.exceeded ? keys.nameAndAddress : keys.name
        if (waiter?.line !== line) {
          waiter?.leave()
          waiter = undefined
          waiter = this.#waitingLine.join(line, login.ip)
        }
        await waiter.turn(login.signal)
        login.signal.throwIfAborted()
        reservations = this.#failures.reserve(keys)
      }
    } finally {
      waiter?.leave()
    }
  }

  /** @returns undefined where attempts under way have taken all places, so that waiting may help */
  async #decide (keys: GuessKeys, perNameAndAddress: Reservation, perName: Reservation): Promise<LoginAttempt | undefined> {
    const isKnown = perName.exceeded && await this.#knownAddresses.has(keys.canonicalName, keys.address)
    if (!perNameAndAddress.exceeded && (!perName.exceeded || isKnown)) return this.#attempt(keys, perNameAndAddress, perName)
    perNameAndAddress.release()
    perName.release()
    if (isExhausted(perNameAndAddress)) throw this.#locked(keys, keys.address, perNameAndAddress)
    if (isExhausted(perName) && !isKnown) throw this.#locked(keys, undefined, perName)
  }

  #attempt (keys: GuessKeys, perNameAndAddress: Reservation, perName: Reservation): LoginAttempt {
    return loginAttempt({
      keys,
      perNameAndAddress,
      perName,
      max: this.#failures.max,
      cacheGuesses: this.#cacheGuesses,
      onSuccess: () => this.#onSuccess(keys),
      onEnd: () => this.#wake(keys)
    })
  }

  /** @param address undefined where the name is locked at all */
  #locked ({ typed, canonicalName }: GuessKeys, address: string | undefined, count: Count): Problem {
    const seconds = retryAfter(count)
    this.#lockedNames?.add(typed, canonicalName, address, seconds)
    return limited('login-limited', seconds)
  }

  #onSuccess (keys: GuessKeys): void {
    this.#failures.clear(keys)
    this.#knownAddresses.add(keys.canonicalName, keys.address)
    this.#wake(keys)
  }

  #wake (keys: GuessKeys): void {
    this.#waitingLine.wake(keys.nameAndAddress)
    this.#waitingLine.wake(keys.name)
  }
}
