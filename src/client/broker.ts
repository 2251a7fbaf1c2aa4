import { RetryError } from './errors.js'
import { Keeper } from './keeper.js'
import type { Sdk } from './sdks.js'
import { Tokens, type TokenBrokerOptions } from './tokens.js'
import type { CommonRequest, Product, ProductRequests, TokenDetails, TokenOptions, TokenRequest } from './products.js'
import type { Slot } from './token-request.js'

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
   * @throws {LockedError} too many wrong passwords; `until` says how long
   * @throws {RefusedError} the policy does not allow it
   * @throws {RetryError} nobody answered who could, and there is no token that still lives
   */
  token<Name extends Product> (product: Name, request?: TokenRequest<Name> & TokenOptions): Promise<string>
  token (products: ProductRequests, request?: CommonRequest & TokenOptions): Promise<string>
  async token (products: Product | ProductRequests, request?: CommonRequest & TokenOptions): Promise<string> {
    return (await this.#live(products, request)).token!
  }

  /** As `token`, with the identity, the end and the products of the token. */
  tokenWithDetails<Name extends Product> (product: Name, request?: TokenRequest<Name> & TokenOptions): Promise<TokenDetails>
  tokenWithDetails (products: ProductRequests, request?: CommonRequest & TokenOptions): Promise<TokenDetails>
  async tokenWithDetails (products: Product | ProductRequests, request?: CommonRequest & TokenOptions): Promise<TokenDetails> {
    const { answer, ends } = await this.#live(products, request)
    return { products: [products], ...answer, expiresIn: Math.floor((ends - this.#tokens.now()) / 1000) } as TokenDetails
  }

  async #live (products: Product | ProductRequests, { force, signal, ...request }: CommonRequest & TokenOptions = {}): Promise<Slot> {
    signal?.throwIfAborted()
    const tokens = this.#tokens
    const slot = tokens.slot(products, request)
    try {
      if (force || tokens.now() >= slot.due) {
        await Promise.race([
          tokens.fetch(slot),
          new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
        ])
      }
    } catch (error) {
      if (force || !(error instanceof RetryError) || tokens.now() >= slot.ends) throw error
    }
    return slot
  }

  /**
   * A fresh token before the old one ends, for as long as the SDK's object lives: Voice's `Device`, the `Client` of Sync, Conversations
   * or Chat. Say the same as to `token`, whose token it should have. Errors go to `onError`; a `SignInError` and a `RefusedError`
   * rest until the broker gives a token again, as it does once `token` is called with the right password.
   * @throws {TypeError} `products` names none, or this is not an SDK's object
   */
  keep<Name extends Product> (sdk: Sdk, product: Name, request?: TokenRequest<Name>): Kept
  keep (sdk: Sdk, products: ProductRequests, request?: CommonRequest): Kept
  keep (sdk: Sdk, products: Product | ProductRequests, request: CommonRequest = {}): Kept {
    return { stop: new Keeper(this.#tokens, this.#tokens.slot(products, request), sdk).over }
  }

  /** Ends everything that is kept and the session, as when the user signs out, and forgets all tokens. Rooms stay as they are. */
  close (): Promise<void> {
    return this.#tokens.close()
  }
}
