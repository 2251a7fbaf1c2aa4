import { ask, refusal, stale, type Fetch, type Fields } from './request.js'
import type { TokenDetails } from './products.js'
import { BrokerError, RefusedError, RetryError, SignInError } from './errors.js'
import { base64, makeProofKey, prove, sha256, utf8, type ProofKey } from './proof.js'
import type { OpenSessionStorage, SessionStorage } from './session-storage.js'

/** Name and password, or a token of the application's identity provider. */
export interface Credentials {
  username?: string
  password?: string
  bearer?: string
}

type MaybeCredentials = Credentials | null | undefined

/**
 * Called for each sign-in, or for each request if the broker has no sessions; may show a form. Returning nothing, or an empty name or
 * password, means that the user has not signed in yet. So does an exception, unless it is a `BrokerError`.
 */
export type GetCredentials = () => MaybeCredentials | Promise<MaybeCredentials>

export type { Fetch }

/** How to reach the broker and how to sign in. */
export interface SessionOptions {
  /** The broker's URL. Default: the page's origin. */
  url?: string | URL
  /**
   * Returns the name and password of the page's user, or a token of its identity provider; may be async. `'same-origin'` where the broker
   * runs inside the page's own application, whose cookie says who the user is.
   */
  credentials: GetCredentials | 'same-origin'
  /** `false` sends the password with every request, also where the broker has sessions. */
  session?: boolean
  /** `tab` of `twilio-token-broker/client/tab` keeps the session through reloads of the page. Without it a reload signs in again. */
  keep?: OpenSessionStorage
  /** Sent with each request. A broker of another origin allows none of its own; a gateway in front of it may. */
  headers?: Record<string, string>
  /** Used instead of the global `fetch`. */
  fetch?: Fetch
}

/** How a request authenticates. */
export interface Login {
  /** The header `Authorization`. Empty where the page's cookie says it. */
  authorization: string
  /** The key that signs the DPoP proofs, and the claim `ath` in them. */
  key?: ProofKey
  ath?: string
  /** Whether each request must send the password from now on. Applied once this login has got a token. */
  basic?: boolean | undefined
}

/** A token with its details, as the broker returned them. */
export interface Granted extends TokenDetails {
  /** When the request was made, in milliseconds of the page's monotonic clock. */
  asked: number
}

/** The parts of the page that a session needs. */
interface Page {
  /** A monotonic clock, in milliseconds. */
  now: () => number
  report: (error: Error) => void
}

type OnRequest = (() => void) | undefined

/** Authenticates requests as the page's user: with a session, or with the password if the broker has no sessions. */
export class Session {
  readonly #url: string
  readonly #options: SessionOptions
  readonly #page: Page
  readonly #storage: SessionStorage<Login> | undefined
  /** The running sign-in, which all requests share, or the one that opened the session. */
  #login: Promise<Login> | undefined
  /** The last credentials that the broker refused, and its error. */
  #wrong: { authorization: string, error: BrokerError } | undefined
  /** Whether each request sends the password. Unknown before the first token. */
  #basic: boolean | undefined
  /** Ends the wait for credentials as if nobody had signed in. */
  #stopWaiting: (() => void) | undefined
  #nonce: string | undefined
  /** Milliseconds by which the broker's clock is ahead of `now`. */
  #ahead: number

  constructor (options: SessionOptions, page: Page) {
    const { url = '', credentials, session = true, keep } = options
    const byCookie = credentials === 'same-origin'
    if (!byCookie && typeof credentials !== 'function') throw new TypeError('credentials is not a function.')
    this.#url = String(url).replace(/\/+$/, '')
    this.#options = options
    this.#page = page
    // Plain http beyond loopback has no WebCrypto.
    if (byCookie || !session || !globalThis.crypto?.subtle) this.#basic = true
    else if (keep) this.#storage = keep(this.#url)
    this.#ahead = Date.now() - page.now()
  }

  /**
   * Requests a token.
   * @param onRequest called for each request; where it is left out, the broker is shown even credentials that it has found wrong
   * @returns the answer, and when the request was made
   * @throws {BrokerError}
   */
  async ask (path: string, body: string, onRequest: OnRequest): Promise<Granted> {
    let again = false
    while (true) {
      const signingIn = this.#login ?? this.#start(onRequest)
      const login = await signingIn
      const asked = this.#page.now()
      try {
        const answer = await this.#send('POST', path, login, onRequest, body)
        this.#basic = login.basic ?? this.#basic
        return { ...answer, asked } as unknown as Granted
      } catch (error) {
        // This has nothing to do with what was asked, and another sign-in may help; but not once the page has ended its session.
        const over = (this.#login || !login.ath) && /^(session-ended|proof-wrong|bearer-expired)$/.test((error as BrokerError).code)
        if (over && this.#login === signingIn) this.#forget()
        if (!over || (!this.#isUnproven(error as BrokerError) && again)) throw error
      }
      again = true
    }
  }

  /** Ends the session. */
  async close (): Promise<void> {
    const login = this.#login ?? this.#storage?.()
    this.#wrong = undefined
    this.#forget()
    this.#stopWaiting?.()
    try {
      const ended = await login
      if (ended?.ath) await this.#send('DELETE', '/session', ended)
    } catch {
      // Nothing can be done about a failure.
    }
  }

  #start (onRequest: OnRequest): Promise<Login> {
    const login = this.#login = this.#signIn(onRequest)
    const settle = (brought: Login) => {
      if (this.#login !== login) return
      if (brought.ath) this.#storage?.(brought)
      else this.#login = undefined
    }
    // The same for an error.
    login.then(settle, settle)
    return login
  }

  async #signIn (onRequest: OnRequest): Promise<Login> {
    const stored = await this.#storage?.()
    if (stored) return stored
    const authorization = await this.#authorize()
    // A cookie may have become another one, and nobody can tell.
    if (onRequest && authorization && this.#wrong?.authorization === authorization) throw this.#wrong.error
    if (this.#basic || authorization.startsWith('Bearer')) return { authorization }
    let basic: boolean | undefined = true
    try {
      const key = await makeProofKey()
      const session = (await this.#send('POST', '/session', { authorization, key }, onRequest))['session'] as string
      // Another server may answer /session.
      if (/^ttb_[\w-]+$/.test(session)) return { authorization: `DPoP ${session}`, key, ath: await sha256(session), basic: false }
    } catch (error) {
      const { code, requestId } = error as BrokerError
      // Without a request id it is not the broker's answer, or none.
      if (requestId && !(error instanceof RefusedError) && !this.#isUnproven(error as BrokerError)) throw error
      if (code === 'no-answer') basic = undefined
    }
    return { authorization, basic }
  }

  /** If even the first DPoP proof is wrong, something in between changes requests. Then each request sends the password. */
  #isUnproven (error: BrokerError): boolean {
    if (error.code !== 'proof-wrong' || this.#basic !== undefined) return false
    this.#basic = true
    this.#page.report(new RetryError(error.detail, error))
    return true
  }

  #forget (): void {
    this.#login = undefined
    this.#storage?.(null)
  }

  /** Makes a request, and repeats it once if its DPoP proof was too old. */
  async #send (method: string, path: string, { authorization, key, ath }: Login, onRequest?: OnRequest, body?: string): Promise<Fields> {
    const url = this.#url + path
    let again = false
    while (true) {
      const headers: Record<string, string> = { ...this.#options.headers, 'Content-Type': 'application/json', [authorization ? 'Authorization' : 'X-Requested-With']: authorization || 'fetch' }
      if (key) headers['DPoP'] = await prove(key, { htm: method, htu: new Request(url).url, iat: Math.floor((this.#page.now() + this.#ahead) / 1000), nonce: this.#nonce, ath })
      onRequest?.()
      const answer = await ask(this.#options.fetch, method, url, headers, body)
      const { response, fields } = answer
      this.#nonce = response.headers.get('DPoP-Nonce') ?? this.#nonce
      const now = Number(fields['now'])
      if (now) this.#ahead = now * 1000 - this.#page.now()
      const given = fields[key && !ath ? 'session' : 'token']
      const life = Number(fields['expiresIn'])
      // The broker's tokens last at least 180 s, its sessions at most a week. A time far outside of that is not the broker's answer.
      if (response.ok && given && typeof given === 'string' && life >= 30 && life <= 604_800) {
        this.#wrong = undefined
        return fields
      }
      if (again || !stale.test(fields['code'] as string)) {
        const error = refusal(answer)
        if (!ath && error instanceof SignInError) this.#wrong = { authorization, error }
        throw error
      }
      again = true
    }
  }

  async #authorize (): Promise<string> {
    const { credentials } = this.#options
    let cause: unknown
    if (credentials === 'same-origin') return ''
    try {
      const { username, password, bearer } = await Promise.race(
        [credentials(), new Promise<void>(resolve => { this.#stopWaiting = resolve })]
      ) ?? {}
      if (bearer) return `Bearer ${bearer}`
      // A form that is not filled in yet has empty or missing values. Sending them would count as a wrong password.
      if ([username, password].every(text => text && typeof text === 'string')) {
        // RFC 7617 §2.1: as UTF-8.
        return `Basic ${base64(utf8(`${username}:${password}`))}`
      }
    } catch (error) {
      if (error instanceof BrokerError) throw error
      cause = error
    }
    throw new SignInError('Nobody is signed in.', { code: 'credentials-missing', cause })
  }
}
