import { clock } from './monotonic-clock.js'
import { RetryError, type BrokerError } from './errors.js'
import { Keeper, type Charge } from './keeper.js'
import { adapt, isExpiry, type Sdk } from './sdks.js'
import { Session, type GetCredentials } from './session.js'
import { Tokens } from './tokens.js'
import { reenter, type RoomOptions, type VideoRoom, type VideoSdk } from './video.js'
import { wanted, type Products, type TokenRequest } from './token-request.js'

export interface TokenBrokerOptions {
  /** Where the broker is; left out, where the page is from. */
  url?: string | URL
  /** Returns the name and password of the page's user; may be async. Called for every request, so it should remember them. */
  credentials: GetCredentials
  /**
   * Told why something that is kept got no token, a `BrokerError`, or why a room could not be entered anew, the SDK's error.
   * After a `RetryError` it goes on by itself. Left out, the console is told.
   */
  onError?: (error: Error) => void
}

/** What the page holds on to. */
export interface Kept {
  /** No new token comes any more. Called again, it changes nothing. */
  stop: () => void
}

/** One user's way to tokens. */
export class TokenBroker {
  readonly #tokens: Tokens
  readonly #onError: (error: Error) => void
  readonly #keepers = new Set<Keeper>()
  #reported: BrokerError | undefined

  constructor ({ url = '', credentials, onError = error => console.warn(String(error)) }: TokenBrokerOptions) {
    const now = clock()
    this.#onError = onError
    this.#tokens = new Tokens(new Session(url, credentials, now), now, () => {
      for (const keeper of this.#keepers) keeper.signedIn()
    })
  }

  /**
   * A token of one product, or of several at once. Kept until it is due for renewal; with `force` a new one.
   * @throws {TypeError} `products` names none
   * @throws {SignInError} the broker does not know this name and password, or there is none yet
   * @throws {RefusedError} the policy does not allow it
   * @throws {RetryError} nobody answered who could, and there is no token that still lives
   */
  async token (products: Products, { force = false, ...request }: TokenRequest & { force?: boolean } = {}): Promise<string> {
    const what = wanted(products, request)
    const held = this.#tokens.held(what)
    const now = this.#tokens.now()
    if (!force && held !== undefined && now < held.due) return held.token
    try {
      return (await this.#tokens.fetch(what, true)).token
    } catch (error) {
      if (!force && error instanceof RetryError && held !== undefined && this.#tokens.now() < held.ends) return held.token
      throw error
    }
  }

  /**
   * A fresh token before the old one ends, for as long as the SDK's object lives: Voice's `Device`, the `Client` of Sync, Conversations
   * or Chat. Say the same as to `token`, whose token it should have. Errors go to `onError`; a `SignInError` and a `RefusedError`
   * rest until the broker gives a token again, as it does once `token` is called with the right password.
   * @throws {TypeError} `products` names none, or this is not an SDK's object
   */
  keep (sdk: Sdk, products: Products, request: TokenRequest = {}): Kept {
    const what = wanted(products, request)
    const { give, release } = adapt(sdk, { need: () => keeper.need(), over: () => keeper.stop() })
    const keeper = this.#keeper({ wanted: what, give, ahead: true, onStop: release })
    return { stop: () => keeper.stop() }
  }

  /**
   * Enters a video room. Its token is of no use until the connection is lost, and then it must still live: where it does not, the
   * room ends, and with `onRoom` it is entered anew with a new token.
   * @throws {BrokerError} as `token`
   * @throws what `Video.connect` rejects with, or the reason of `signal`
   */
  async connect<Options extends { name?: string | null }, Room extends VideoRoom> (
    video: VideoSdk<Options, Room>,
    options: NoInfer<Options>,
    { onRoom, signal, ...request }: RoomOptions<Room> = {}
  ): Promise<Room> {
    signal?.throwIfAborted()
    const asked = { ...(typeof options.name === 'string' && { room: options.name }), ...request }
    const join = async (token: string) => {
      signal?.throwIfAborted()
      const room = await video.connect(token, options)
      if (signal?.aborted) room.disconnect()
      signal?.throwIfAborted()
      return room
    }
    const room = await join(await this.token('video', asked)).catch(async error => {
      if (!isExpiry(error)) throw error
      return join(await this.token('video', { ...asked, force: true }))
    })
    if (onRoom === undefined) return room
    const keep = (give: (token: string) => void) => this.#keeper({ wanted: wanted('video', asked), give, ahead: false, onStop: () => {} })
    reenter({ room, join, keep, onRoom, onError: this.#onError, signal })
    return room
  }

  /** Ends everything that is kept, as when the user signs out. Rooms stay as they are. */
  close (): void {
    for (const keeper of this.#keepers) keeper.stop()
  }

  #keeper (charge: Omit<Charge, 'onError'>): Keeper {
    const keeper = new Keeper(this.#tokens, {
      ...charge,
      onError: error => this.#report(error),
      onStop: () => {
        this.#keepers.delete(keeper)
        charge.onStop()
      }
    })
    this.#keepers.add(keeper)
    return keeper
  }

  #report (error: BrokerError): void {
    // All that wait for the same answer share its error.
    if (error !== this.#reported) this.#onError(error)
    this.#reported = error
  }
}
