import { ask, type Answer } from './request.js'
import { BrokerError, SignInError } from './errors.js'

export interface Credentials {
  username: string
  password: string
}

/**
 * Called for each request; may show a form. Nothing, or an empty name or password, means that the user has not signed in yet.
 * What it throws counts as that, too, unless it is a `BrokerError`.
 */
export type GetCredentials = () => MaybeCredentials | Promise<MaybeCredentials>

type MaybeCredentials = Partial<Credentials> | null | undefined

/** Asks the broker as the user of the page. */
export class Session {
  readonly #url: string
  readonly #getCredentials: GetCredentials
  readonly #now: () => number
  /** One form for all who ask meanwhile. */
  #signingIn: Promise<string> | undefined
  /** The last credentials that the broker found wrong, and how it said so. */
  #wrong: { authorization: string, error: SignInError } | undefined

  constructor (url: string | URL, getCredentials: GetCredentials, now: () => number) {
    if (typeof getCredentials !== 'function') throw new TypeError('credentials must be a function.')
    this.#url = String(url).replace(/\/+$/, '')
    this.#getCredentials = getCredentials
    this.#now = now
  }

  /**
   * @param again whether to show the broker even credentials that it has found wrong
   * @returns the answer, and when the broker was asked for it
   * @throws {BrokerError}
   */
  async ask (path: string, body: string, again: boolean): Promise<Answer & { asked: number }> {
    this.#signingIn ??= this.#authorize().finally(() => { this.#signingIn = undefined })
    const authorization = await this.#signingIn
    if (!again && this.#wrong?.authorization === authorization) throw this.#wrong.error
    try {
      const asked = this.#now()
      const answer = await ask(this.#url + path, authorization, body)
      this.#wrong = undefined
      return { ...answer, asked }
    } catch (error) {
      if (error instanceof SignInError) this.#wrong = { authorization, error }
      throw error
    }
  }

  async #authorize (): Promise<string> {
    let credentials
    let cause: unknown
    try {
      credentials = await this.#getCredentials()
    } catch (error) {
      if (error instanceof BrokerError) throw error
      cause = error
    }
    const { username, password } = credentials ?? {}
    // A form that is not filled in yet has empty texts, or none. To send that would be a wrong guess.
    if (![username, password].every(text => typeof text === 'string' && text !== '')) {
      throw new SignInError('There is no name and password to sign in with.', { code: 'credentials-missing', cause })
    }
    // RFC 7617 §2.1: as UTF-8. btoa takes characters for bytes.
    const bytes = new TextEncoder().encode(`${username}:${password}`)
    return `Basic ${btoa(String.fromCharCode(...bytes))}`
  }
}
