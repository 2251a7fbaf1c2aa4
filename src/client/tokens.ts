import { clock } from './monotonic-clock.js'
import { Session, type SessionOptions } from './session.js'
import { renewAfter } from './backoff.js'
import { BrokerError } from './errors.js'
import { makeSlot, type Slot } from './token-request.js'
import type { Product, ProductRequests } from './products.js'

/** The options of `new TokenBroker`. */
export interface TokenBrokerOptions extends SessionOptions {
  /**
   * Called with the reason why something that is kept got no token, or why a room could not be entered anew: then the code is
   * `sdk-failed`, and `cause` the SDK's error. After a `RetryError` it goes on by itself. Left out, errors go to the console.
   */
  onError?: (error: BrokerError) => void
}

/** Is notified when the broker has issued a token, and ended by `close`. */
interface TokenWaiter {
  signedIn: () => void
  over: () => void
}

/** The tokens of the page, one for each different request. */
export class Tokens {
  readonly now = clock()
  readonly session: Session
  readonly keepers = new Set<TokenWaiter>()
  readonly #slots = new Map<string, Slot>()
  readonly #onError: (error: BrokerError) => void
  #reported: Error | undefined

  constructor (options: TokenBrokerOptions) {
    this.session = new Session(options, this)
    this.#onError = options.onError ?? (error => console.warn(String(error)))
  }

  slot (products: Product | ProductRequests, request: object): Slot {
    const slot = makeSlot(products, request)
    const key = slot.path + slot.body
    const known = this.#slots.get(key) ?? slot
    this.#slots.set(key, known)
    return known
  }

  /** Fetches a new token. Concurrent calls for the same slot share a request. */
  fetch (slot: Slot, onRequest?: () => void): Promise<void> {
    slot.pending ??= this.#fetch(slot, onRequest).finally(() => { slot.pending = undefined })
    return slot.pending
  }

  async #fetch (slot: Slot, onRequest?: () => void): Promise<void> {
    const { asked, ...answer } = await this.session.ask(slot.path, slot.body, onRequest)
    const { token } = answer
    const life = answer.expiresIn * 1000
    // Counted from the time of the request, so that a token that counts as valid here is valid at Twilio. If it is the same token, its end
    // stays.
    if (token !== slot.token) Object.assign(slot, { token, answer, due: asked + renewAfter(life), ends: asked + life })
    for (const keeper of this.keepers) keeper.signedIn()
  }

  /** Forgets all tokens: the next user may be another one. */
  close (): Promise<void> {
    for (const keeper of this.keepers) keeper.over()
    this.#slots.clear()
    return this.session.close()
  }

  report (error: Error): void {
    // All that share a request get the same error, which is reported once.
    if (error !== this.#reported) this.#onError(error instanceof BrokerError ? error : new BrokerError(error.message, { code: 'sdk-failed', cause: error }))
    this.#reported = error
  }
}
