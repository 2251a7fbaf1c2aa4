import { RetryError, type BrokerError } from './errors.js'
import { adapt, type Hooks, type Sdk, type TokenUser } from './sdks.js'
import { afterAtLeast, backOff } from './backoff.js'
import type { Tokens } from './tokens.js'
import { onWake } from './on-wake.js'
import type { Slot } from './token-request.js'

/** Fetches a new token before the one in use ends, and gives it to who uses it. */
export class Keeper implements Hooks {
  readonly #tokens: Tokens
  readonly #slot: Slot
  readonly #user: TokenUser
  readonly #stopped = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the broker is asked next. NaN, which is never the later or the earlier moment, while nothing may change that. */
  #at = Infinity
  /** Whether that moment was already chosen by chance; only once, as the timers of a hidden tab are always late. */
  #spread = false
  #given: string | undefined
  /** Answers in a row without a new token. */
  #failures = 0
  /**
   * When the last four requests were made. After so many in a minute none is begun, whatever the broker answers and the SDK says;
   * a fifth may belong to the last one.
   */
  readonly #asked = [-Infinity, -Infinity, -Infinity, -Infinity]
  /** How often the SDK has asked for a token since one was due by time. */
  #needs = 0
  /** Retry-After: nothing is asked before. */
  #retryAt = 0
  /** Nothing is asked until the broker has given a token to someone. */
  #resting = false

  constructor (tokens: Tokens, slot: Slot, sdk: Sdk) {
    this.#tokens = tokens
    this.#slot = slot
    this.#given = slot.token
    this.#user = adapt(sdk, this)
    tokens.keepers.add(this)
    onWake(() => {
      if (this.#at < Infinity && (this.#failures > 0 || tokens.now() >= slot.due)) this.#look(true)
    }, this.#stopped.signal)
    this.#setByTime()
  }

  readonly over = (): void => {
    this.#stopped.abort()
    this.#set(NaN)
    if (this.#tokens.keepers.delete(this)) this.#user.release?.()
  }

  /** The SDK says that its token ends, or has ended: a new one at once, but ever more slowly where that changes nothing. */
  readonly need = (): void => {
    const at = this.#tokens.now() + (this.#needs && backOff(this.#needs, Infinity))
    if (!(at < this.#at)) return
    this.#needs++
    this.#set(at)
  }

  readonly report = (error: Error): void => this.#tokens.report(error)

  /** The broker has given someone a token, so that it may be worth asking again. */
  signedIn (): void {
    if (this.#resting) this.#set(0)
    this.#resting = false
  }

  #setByTime (): void {
    this.#set(this.#user.onlyOnNeed ? Infinity : this.#slot.due)
  }

  /** Asks at that moment, or as soon thereafter as it may. */
  #set (at: number, spread = false): void {
    this.#at = Math.max(at, this.#retryAt, this.#asked[0]! + 61_000)
    this.#spread = spread
    clearTimeout(this.#timer)
    // A timer stands still while the machine sleeps, so that no longer one is set; this is how late a wake without an event is seen.
    if (at < Infinity) this.#timer = setTimeout(() => this.#look(), Math.min(this.#at - this.#tokens.now(), 30_000))
  }

  #look (woken = false): void {
    const now = this.#tokens.now()
    // A timer that is 2 s late tells of a sleep. All of a user's tabs wake at once, so each asks up to 5 s later.
    if (!this.#spread && (woken || now - this.#at > 2_000)) this.#set(now + Math.random() * 5_000, true)
    else if (now < this.#at) this.#set(this.#at, this.#spread)
    else this.#renew()
  }

  /** Handles its own errors, so nobody waits for it. */
  #renew: () => void = async () => {
    const slot = this.#slot
    this.#set(NaN)
    const isDue = this.#tokens.now() >= slot.due
    if (isDue) this.#needs = 0
    let error: unknown
    try {
      // Another keeper may have fetched one meanwhile.
      if (isDue || slot.token === this.#given) {
        await this.#tokens.fetch(slot, () => {
          this.#asked.push(this.#tokens.now())
          this.#asked.shift()
        })
      }
    } catch (caught) {
      error = caught
    }
    if (this.#stopped.signal.aborted) return
    if (error || slot.token === this.#given) return this.#fail(error as BrokerError | undefined)
    this.#failures = 0
    this.#given = slot.token
    this.#setByTime()
    this.#user.give(slot.token!)
  }

  /** Without an error it was the same token again. So equal requests in the same second are answered, and an SDK ignores it. */
  #fail (error: BrokerError | undefined): void {
    const now = this.#tokens.now()
    this.#resting = !!error && !(error instanceof RetryError)
    this.#retryAt = error?.retryAfter ? now + afterAtLeast(error.retryAfter * 1000) : 0
    if (!this.#resting) this.#set(now + backOff(++this.#failures + (error ? 0 : 1)))
    if (error) this.report(error)
  }
}
