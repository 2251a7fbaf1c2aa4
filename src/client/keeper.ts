import { Alarm } from './alarm.js'
import { RetryError, type BrokerError } from './errors.js'
import { afterAtLeast, backOff, minute } from './backoff.js'
import type { Held, Tokens } from './tokens.js'
import { onWake } from './on-wake.js'
import type { Wanted } from './token-request.js'

/** What a keeper works with. */
export interface Charge {
  wanted: Wanted
  /** Takes a new token to where it is used. */
  give: (token: string) => void
  /** Told why there is no token; the keeper goes on by itself after a `RetryError`, and after the others once there is one for someone. */
  onError: (error: BrokerError) => void
  /** Whether tokens are renewed by time, or only where `need` says so. */
  ahead: boolean
  onStop: () => void
}

/** So many requests in a minute, whatever the broker answers and the SDK says. */
const mostPerMinute = 5

/** Fetches a new token before the one in use ends, and gives it to who uses it. */
export class Keeper {
  readonly #tokens: Tokens
  readonly #charge: Charge
  readonly #alarm: Alarm
  readonly #sleepEnds: () => void
  #given: string | undefined
  /** Answers in a row without a new token. */
  #failures = 0
  /** When the last requests were made. */
  readonly #asked: number[] = Array(mostPerMinute).fill(-Infinity)
  /** How often the SDK has asked for a token since one was due by time. */
  #needs = 0
  /** Retry-After: nothing is asked before. */
  #retryAt = 0
  /** Nothing is asked until the broker has given a token to someone. */
  #resting = false
  #busy = false
  #stopped = false

  constructor (tokens: Tokens, charge: Charge) {
    this.#tokens = tokens
    this.#charge = charge
    this.#alarm = new Alarm(tokens.now, () => this.#renew())
    this.#sleepEnds = onWake(() => this.#wake())
    const held = tokens.held(charge.wanted)
    this.#given = held?.token
    if (charge.ahead) this.#alarm.set(held?.due ?? 0)
  }

  stop (): void {
    this.#stopped = true
    this.#alarm.clear()
    this.#sleepEnds()
    this.#charge.onStop()
  }

  /** The SDK says that its token ends, or has ended: a new one at once, but ever more slowly where that changes nothing. */
  need (): void {
    if (this.#stopped || this.#resting || this.#busy) return
    const at = this.#allowed(this.#tokens.now() + (this.#needs === 0 ? 0 : backOff(this.#needs, Infinity)))
    if (at >= this.#alarm.at) return
    this.#needs++
    this.#alarm.set(at)
  }

  /** The broker has given someone a token, so that it may be worth asking again. */
  signedIn (): void {
    if (!this.#resting) return
    this.#resting = false
    this.#alarm.set(this.#allowed(0))
  }

  /** The first moment from `at` on at which the broker may be asked. */
  #allowed (at: number): number {
    return Math.max(at, this.#retryAt, this.#asked[0]! + minute + 1000)
  }

  #isDue (): boolean {
    return this.#tokens.now() >= (this.#tokens.held(this.#charge.wanted)?.due ?? 0)
  }

  #wake (): void {
    if (this.#alarm.at !== Infinity && (this.#isDue() || this.#failures > 0)) this.#alarm.soon(this.#allowed(0))
  }

  async #renew (): Promise<void> {
    this.#busy = true
    this.#asked.push(this.#tokens.now())
    this.#asked.shift()
    try {
      const held = await this.#fetch()
      if (!this.#stopped) this.#pass(held)
    } catch (error) {
      // The broker's errors are all that Tokens throws.
      if (!this.#stopped) this.#fail(error as BrokerError)
    } finally {
      this.#busy = false
    }
  }

  async #fetch (): Promise<Held> {
    const { wanted } = this.#charge
    const held = this.#tokens.held(wanted)
    if (this.#isDue()) this.#needs = 0
    // Another keeper may have fetched one meanwhile.
    else if (held !== undefined && held.token !== this.#given) return held
    return this.#tokens.fetch(wanted)
  }

  #pass ({ token, due }: Held): void {
    // Equal requests in the same second get the same token, which an SDK ignores.
    if (token === this.#given) return this.#alarm.set(this.#allowed(this.#tokens.now() + Math.max(1000, backOff(++this.#failures))))
    this.#failures = 0
    this.#given = token
    if (this.#charge.ahead) this.#alarm.set(this.#allowed(due))
    this.#charge.give(token)
  }

  #fail (error: BrokerError): void {
    if (error instanceof RetryError) {
      const { retryAfter } = error
      const now = this.#tokens.now()
      this.#retryAt = retryAfter === undefined ? 0 : now + afterAtLeast(retryAfter * 1000)
      this.#alarm.set(this.#allowed(now + backOff(++this.#failures)))
    } else {
      this.#resting = true
    }
    this.#charge.onError(error)
  }
}
