import { RetryError, type BrokerError } from './errors.js'
import { adapt, type Hooks, type Sdk, type TokenUser } from './sdks.js'
import { afterAtLeast, backOff } from './backoff.js'
import type { Tokens } from './tokens.js'
import { onWake } from './on-wake.js'
import type { Slot } from './token-request.js'

/** Fetches a new token before the current one ends, and passes it to the SDK. */
export class Keeper implements Hooks {
  readonly #tokens: Tokens
  readonly #slot: Slot
  readonly #user: TokenUser
  readonly #stopped = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the next request is due. NaN, which no comparison matches, while nothing may change it. */
  #at = Infinity
  /** Whether that time was already randomised. Done only once, because timers of a hidden tab are always late. */
  #spread = false
  #given: string | undefined
  /** Consecutive answers without a new token. */
  #failures = 0
  /**
   * The times of the last four requests. After so many in a minute none is started, whatever the broker answers or the SDK reports; a fifth
   * may belong to the last one.
   */
  readonly #asked = [-Infinity, -Infinity, -Infinity, -Infinity]
  /** How often the SDK has asked for a token since the last scheduled renewal. */
  #needs = 0
  /** Retry-After: no request is made before this time. */
  #retryAt = 0
  /** No request is made until the broker has issued a token for another keeper or `token`. */
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

  /** The SDK reports that its token ends or has ended. Renews immediately, with growing delays if that does not help. */
  readonly need = (): void => {
    const at = this.#tokens.now() + (this.#needs && backOff(this.#needs, Infinity))
    if (at < this.#at) {
      this.#needs++
      this.#set(at)
    }
  }

  readonly report = (error: Error): void => this.#tokens.report(error)

  /** The broker has issued a token, so a request may succeed again. */
  signedIn (): void {
    if (this.#resting) this.#set(0)
    this.#resting = false
  }

  #setByTime (): void {
    this.#set(this.#user.onlyOnNeed ? Infinity : this.#slot.due)
  }

  /** Schedules a request for that time, or the earliest time that is allowed. */
  #set (at: number, spread = false): void {
    this.#at = Math.max(at, this.#retryAt, this.#asked[0]! + 61_000)
    this.#spread = spread
    clearTimeout(this.#timer)
    // Timers stop while the machine sleeps. So none is longer than 30 s, which bounds how late a wake-up without an event is noticed.
    if (at < Infinity) this.#timer = setTimeout(() => this.#look(), Math.min(this.#at - this.#tokens.now(), 30_000))
  }

  #look (woken = false): void {
    const now = this.#tokens.now()
    // A timer that is 2 s late means that the machine slept. All tabs of a user wake up together, so each waits up to 5 s.
    if (!this.#spread && (woken || now - this.#at > 2_000)) this.#set(now + Math.random() * 5_000, true)
    else if (now < this.#at) this.#set(this.#at, this.#spread)
    else this.#renew()
  }

  /** Handles its own errors, so it need not be awaited. */
  #renew: () => void = async () => {
    const slot = this.#slot
    this.#set(NaN)
    const isDue = this.#tokens.now() >= slot.due
    if (isDue) this.#needs = 0
    let error: unknown
    try {
      // Another keeper may have fetched one in the meantime.
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

  /** Without an error, the broker returned the same token again, as it does within the same second; an SDK would ignore it. */
  #fail (error: BrokerError | undefined): void {
    const now = this.#tokens.now()
    this.#resting = !!error && !(error instanceof RetryError)
    this.#retryAt = error?.retryAfter ? now + afterAtLeast(error.retryAfter * 1000) : 0
    if (!this.#resting) this.#set(now + backOff(++this.#failures + (error ? 0 : 1)))
    if (error) this.report(error)
  }
}
