import { RetryError } from './errors.js'
import { Keeper } from './keeper.js'
import type { Sdk } from './sdks.js'
import { Tokens, type TokenBrokerOptions } from './tokens.js'
import type { Products, TokenRequest } from './token-request.js'

/** What the page holds on to. */
export interface Kept {
  /** No new token comes any more. Called again, it changes nothing. */
  stop: () => void
}

/** One user's way to tokens. */
export class TokenBroker {
  readonly #tokens: Tokens

  constructor (options: TokenBrokerOptions) {
    this.#tokens = new Tokens(options)
  }

  /**
   * A token of one product, or of several at once. Kept until it is due for renewal; with `force` a new one.
   * @throws {TypeError} `products` names none
   * @throws {SignInError} the broker does not know this name and password, or there is none yet
   * @throws {RefusedError} the policy does not allow it
   * @throws {RetryError} nobody answered who could, and there is no token that still lives
   */
  async token (products: Products, { force = false, ...request }: TokenRequest & { force?: boolean } = {}): Promise<string> {
    const tokens = this.#tokens
    const slot = tokens.slot(products, request)
    try {
      if (force || tokens.now() >= slot.due) await tokens.fetch(slot)
    } catch (error) {
      if (force || !(error instanceof RetryError) || tokens.now() >= slot.ends) throw error
    }
    return slot.token!
  }

  /**
   * A fresh token before the old one ends, for as long as the SDK's object lives: Voice's `Device`, the `Client` of Sync, Conversations
   * or Chat. Say the same as to `token`, whose token it should have. Errors go to `onError`; a `SignInError` and a `RefusedError`
   * rest until the broker gives a token again, as it does once `token` is called with the right password.
   * @throws {TypeError} `products` names none, or this is not an SDK's object
   */
  keep (sdk: Sdk, products: Products, request: TokenRequest = {}): Kept {
    return { stop: new Keeper(this.#tokens, this.#tokens.slot(products, request), sdk).over }
  }

  /** Ends everything that is kept and the session, as when the user signs out, and forgets all tokens. Rooms stay as they are. */
  close (): Promise<void> {
    return this.#tokens.close()
  }
}
