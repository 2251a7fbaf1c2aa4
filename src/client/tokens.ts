import { clock } from './monotonic-clock.js'
import { Session, type SessionOptions } from './session.js'
import { renewAfter } from './backoff.js'
import { BrokerError } from './errors.js'
import { makeSlot, type Slot } from './token-request.js'
import type { Product, ProductRequests } from './products.js'

export interface TokenBrokerOptions extends SessionOptions {
  /**
   * Called with the reason why something that is kept got no token, or why a room could not be entered anew: then the code is
   * `sdk-failed`, and `cause` the SDK's error. After a `RetryError` it goes on by itself. Left out, errors go to the console.
   */
  onError?: (error: BrokerError) => void
}

/** Who is to hear that the broker has given a token, and is over when the page is. */
interface TokenWaiter {
  signedIn: () => void
  over: () => void
}

/** The tokens that the page has: one for each different request. */
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

  /** Fetches a new token. All who need it at the same time share a request. */
  fetch (slot: Slot, onRequest?: () => void): Promise<void> {
    slot.pending ??= this.#fetch(slot, onRequest).finally(() => { slot.pending = undefined })
    return slot.pending
  }

  async #fetch (slot: Slot, onRequest?: () => void): Promise<void> {
    const { asked, ...answer } = await this.session.ask(slot.path, slot.body, onRequest)
    const { token } = answer
    const life = answer.expiresIn * 1000
    // Counted from the question, so that what is taken for alive here is alive at Twilio. The same token again ends as before.
    if (token !== slot.token) Object.assign(slot, { token, answer, due: asked + renewAfter(life), ends: asked + life })
    for (const keeper of this.keepers) keeper.signedIn()
  }

  /** Forgets all tokens, as the next to sign in may be another user. */
  close (): Promise<void> {
    for (const keeper of this.keepers) keeper.over()
    this.#slots.clear()
    return this.session.close()
  }

  report (error: Error): void {
    // All that wait for the same answer share its error.
    if (error !== this.#reported) this.#onError(error instanceof BrokerError ? error : new BrokerError(error.message, { code: 'sdk-failed', cause: error }))
    this.#reported = error
  }
}
