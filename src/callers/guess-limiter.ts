import { isExhausted, retryAfter, type Ask, type Count, type Counters, type Hold } from '../limits/counters.js'
import type { KnownAddresses } from '../limits/memory/known-addresses.js'
import { problem } from '../problems.js'
import { CacheGuesses } from './cache-guesses.js'
import type { GuessCounters } from './guess-counters.js'
import { guessAt, type Guess } from './guess.js'
import { both, isHeld, isRefused, type Holds } from './holds.js'
import type { Login } from './store.js'
import { WaitingLine, type Ticket } from './waiting-line.js'

/** How many times the limit of one address a name has over all addresses, and at one address that right passwords clear in between. */
const CEILING = 20

/** The right to try one password. Exactly one of its functions is called, once. */
export interface LoginAttempt {
  /** Whether the password may be compared with a remembered one. */
  readonly mayRecall: boolean
  /** The password was right: the wrong ones of this name at this address are cleared, up to its ceiling, and the address counts as known. */
  succeeded (): void
  /** The password was wrong. */
  failed (): void
  /**
   * No hash told whether the password was right: the store was away, or the caller hung up.
   * @param hasGuessed whether it was compared with a remembered one, which it was not
   */
  cancelled (hasGuessed?: boolean): void
}

export interface GuessLimiterOptions extends GuessCounters {
  /** Wrong passwords that a name may have at one address; at least 1. */
  failuresMax: number
  /** Milliseconds that a login waits for a place at most. */
  patience?: number
}

/**
 * Bounds how many passwords can be tried for a name: so many at one address, and twenty times as many over all addresses, in 15 minutes.
 *
 * A place is reserved before a password is compared with anything, be it a hash or what is remembered of right passwords: memory that answers a guess
 * beyond the limit tells as much as a hash. What is still being compared is no failure, so while all places are taken the next one waits,
 * and right passwords in parallel are never refused.
 *
 * A right password clears what its name has failed at its address, and nothing else: who mistypes starts anew. But whoever shares the address could guess
 * between two right passwords for ever, so nineteen times the limit is cleared at most, and there too no more than twenty times the limit can be tried.
 *
 * At a name's ceiling only those addresses get in from which it logged in recently, so that nobody can lock a user out at home.
 * Whether a name exists is not known here, so unknown ones are limited alike.
 */
export class GuessLimiter {
  /** A reload may change it. */
  failuresMax: number
  readonly #pairs: Counters
  readonly #names: Counters
  readonly #knownAddresses: KnownAddresses
  readonly #cacheGuesses: CacheGuesses
  readonly #patience: number
  readonly #waitingLine = new WaitingLine()

  constructor ({ pairs, names, knownAddresses, cachePairs, cacheNames, failuresMax, patience = 10_000 }: GuessLimiterOptions) {
    this.#pairs = pairs
    this.#names = names
    this.#knownAddresses = knownAddresses
    this.#cacheGuesses = new CacheGuesses(cachePairs, cacheNames, knownAddresses)
    this.failuresMax = failuresMax
    this.#patience = patience
  }

  /**
   * Lets a password through that somebody knows at once to be right. Within one turn of the event loop a place would be taken and given back, so
   * it is enough that there is one.
   * @param known compares it, and is called only if there is a place
   * @returns what `known` answers; undefined where there is no place, where the counters do not answer at once, or where guesses were made before at what
   * is remembered
   */
  tryFastPath<T> (name: string, ip: string, known: () => T | null | undefined): T | undefined {
    const guess = guessAt(name, ip)
    if (this.#pairs.isFull?.(guess.pair, this.failuresMax) !== false || this.#names.isFull?.(guess.name, this.failuresMax * CEILING) !== false) return
    if (!this.#cacheGuesses.isUntouched(guess)) return
    const found = known() ?? undefined
    if (found !== undefined) this.#admitted(guess)
    return found
  }

  /**
   * Answers at once where a place is free and the counters are in memory, else a promise.
   * @param login whose signal ends the wait, and is asked for only then: each one costs as much as a signature
   * @throws Problem `login-limited` when the name or the pair has had its wrong passwords, `overloaded` when too many wait or one waits too long,
   * `limiter-unavailable` as the counters say; or the reason that the signal was aborted with
   */
  reserve (name: string, login: Login): LoginAttempt | Promise<LoginAttempt> {
    const guess = guessAt(name, login.ip)
    const asked = this.#hold(guess)
    const [pair, whole] = asked
    return isHeld(pair) && isHeld(whole) ? this.#place(guess, pair, whole) : this.#wait(guess, login, asked)
  }

  /** What `reserve` will ask the counters for. */
  asks (name: string, ip: string): Ask[] {
    const { name: canonical, pair } = guessAt(name, ip)
    return [
      { counters: this.#pairs, key: pair, max: this.failuresMax, hold: 1 },
      { counters: this.#names, key: canonical, max: this.failuresMax * CEILING, hold: 1 }
    ]
  }

  /** A pair that is refused at once takes no place of its name, not even for a moment. */
  #hold ({ name, pair }: Guess): Holds {
    const first = this.#pairs.reserve(pair, this.failuresMax)
    return [first, isRefused(first) ? first : this.#names.reserve(name, this.failuresMax * CEILING)]
  }

  async #wait (guess: Guess, login: Login, asked: Holds): Promise<LoginAttempt> {
    const until = performance.now() + this.#patience
    let ticket: Ticket | undefined
    try {
      for (;;) {
        const [pair, whole] = await both(asked)
        const place = await this.#decide(guess, pair, whole)
        if (place !== undefined) return place
        if (performance.now() > until) throw problem('overloaded', { retryAfter: 1 })
        const line = pair.exceeded ? guess.pair : guess.name
        if (ticket?.line !== line) {
          ticket?.leave()
          ticket = undefined
          ticket = this.#waitingLine.join(line, login.ip)
        }
        await ticket.turn(login.signal)
        login.signal.throwIfAborted()
        asked = this.#hold(guess)
      }
    } finally {
      ticket?.leave()
    }
  }

  /** @returns undefined while all places are taken by attempts that have not ended */
  async #decide (guess: Guess, pair: Hold, whole: Hold): Promise<LoginAttempt | undefined> {
    const known = whole.exceeded && await this.#knownAddresses.has(guess.name, guess.address)
    if (!pair.exceeded && (!whole.exceeded || known)) return this.#place(guess, pair, whole)
    pair.release()
    whole.release()
    if (isExhausted(pair)) throw limited(pair)
    if (isExhausted(whole) && !known) throw limited(whole)
  }

  #place (guess: Guess, pair: Hold, whole: Hold): LoginAttempt {
    const end = (outcome: 'commit' | 'release') => {
      pair[outcome]()
      whole[outcome]()
    }
    const max = { pair: this.failuresMax, name: this.failuresMax * CEILING }
    return {
      mayRecall: this.#cacheGuesses.mayCompare(guess, max, { pair: pair.held, name: whole.held }),
      succeeded: () => {
        end('release')
        this.#admitted(guess)
      },
      failed: () => {
        end('commit')
        this.#wake(guess)
      },
      cancelled: (hasGuessed = false) => {
        if (hasGuessed) this.#cacheGuesses.count(guess, max)
        end('release')
        this.#wake(guess)
      }
    }
  }

  #admitted (guess: Guess): void {
    this.#pairs.clear(guess.pair, this.failuresMax * (CEILING - 1))
    this.#knownAddresses.add(guess.name, guess.address)
    this.#wake(guess)
  }

  #wake (guess: Guess): void {
    this.#waitingLine.wake(guess.pair)
    this.#waitingLine.wake(guess.name)
  }
}

function limited (count: Count) {
  return problem('login-limited', { retryAfter: retryAfter(count) })
}
