import { problem, type Problem } from '../../problems.js'
import type { KeySet } from './key-set.js'
import type { KeysError } from './keys-error.js'

export interface KeysLog {
  info (message: string): void
  warn (message: string): void
}

/** How long a set is used without a newer one: a day. */
const MAX_AGE_MS = 86_400_000

/** The last good key set, and why the last fetch failed if it did. Logs the begin and the end of an outage. */
export class LastKeys {
  readonly #log: KeysLog
  readonly #now: () => number
  #set: KeySet | undefined
  #fetchedAt = 0
  #failure: KeysError | undefined
  /** The last warning of the outage. */
  #warned = ''

  /** @param now a monotonic clock, in milliseconds */
  constructor (log: KeysLog, now: () => number) {
    this.#log = log
    this.#now = now
  }

  /**
   * The set that tokens are verified with; another object after each fetch. Undefined before the first one, and if the last good one is
   * older than a day.
   */
  get current (): KeySet | undefined {
    return this.#now() - this.#fetchedAt < MAX_AGE_MS ? this.#set : undefined
  }

  /** Why the last fetch failed. */
  get failure (): KeysError | undefined {
    return this.#failure
  }

  /** Whether the last fetch succeeded. */
  get upToDate (): boolean {
    return this.#set !== undefined && this.#failure === undefined
  }

  succeed (set: KeySet): void {
    if (this.#failure !== undefined) this.#log.info('the keys of JWT_ISSUER can be read again')
    this.#failure = undefined
    this.#warned = ''
    this.#set = set
    this.#fetchedAt = this.#now()
  }

  /** Keeps the last good set. Logs one line for an outage, and one for each new cause. */
  fail (failure: KeysError): void {
    this.#failure = failure
    const consequence = this.current === undefined ? 'bearer tokens are refused with 503 until they can be' : 'the last good ones serve for a day'
    const warning = `the keys of JWT_ISSUER cannot be read; ${consequence}: ${failure.message}`
    if (warning === this.#warned) return
    this.#warned = warning
    this.#log.warn(warning)
  }

  unavailable (): Problem {
    return problem('keys-unavailable', { retryAfter: 10, cause: this.#failure })
  }
}
