import { RetryError } from './errors.js'
import { Keeper } from './keeper.js'
import type { Sdk } from './sdks.js'
import { Tokens, type TokenBrokerOptions } from './tokens.js'
import type { CommonRequest, Product, ProductRequests, TokenDetails, TokenOptions, TokenRequest } from './products.js'
import type { Slot } from './token-request.js'

/** Returned by `keep`. */
export interface Kept {
  /** Stops renewing the token. Calling it again has no effect. */
  stop: () => void
}

/** Fetches and keeps the tokens of one user. */
export class TokenBroker {
  readonly #tokens: Tokens

  constructor (options: TokenBrokerOptions) {
    this.#tokens = new Tokens(options)
  }

  /**
   * Returns a token for one product, or for several. Cached until it is due for renewal; `force` fetches a new one.
   * @throws {TypeError} `products` names none
   * @throws {SignInError} name or password is wrong, or nobody has signed in yet
   * @throws {LockedError} too many wrong passwords; see `until`
   * @throws {RefusedError} the policy does not allow it
   * @throws {RetryError} the broker did not answer or could not, and no cached token is still valid
   */
  token<Name extends Product> (product: Name, request?: TokenRequest<Name> & TokenOptions): Promise<string>
  token (products: ProductRequests, request?: CommonRequest & TokenOptions): Promise<string>
  async token (products: Product | ProductRequests, request?: CommonRequest & TokenOptions): Promise<string> {
    return (await this.#live(products, request)).token!
  }

  /** Like `token`, but also returns identity, end and products of the token. */
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
        await new Promise<void>((resolve, reject) => {
          const over = new AbortController()
          // As an option, it removes the listener: the page may use its signal for many calls.
          signal?.addEventListener('abort', () => reject(signal.reason), over)
          tokens.fetch(slot).then(resolve, reject).finally(() => over.abort())
        })
      }
    } catch (error) {
      if (force || !(error instanceof RetryError) || tokens.now() >= slot.ends) throw error
    }
    return slot
  }

  /**
   * Gives an SDK's object (Voice's `Device`, the `Client` of Sync, Conversations or Chat) a fresh token before the old one ends, until the
   * object is shut down. Pass the same products and request as to `token`. Errors go to `onError`. After a `SignInError` or `RefusedError`
   * it pauses until the broker issues a token again, for example after `token` is called with the right password.
   * @throws {TypeError} `products` names none, or this is not an SDK's object
   */
  keep<Name extends Product> (sdk: Sdk, product: Name, request?: TokenRequest<Name>): Kept
  keep (sdk: Sdk, products: ProductRequests, request?: CommonRequest): Kept
  keep (sdk: Sdk, products: Product | ProductRequests, request: CommonRequest = {}): Kept {
    return { stop: new Keeper(this.#tokens, this.#tokens.slot(products, request), sdk).over }
  }

  /** Signs out: stops all renewals, ends the session and forgets all tokens. Does not leave rooms. */
  close (): Promise<void> {
    return this.#tokens.close()
  }
}
