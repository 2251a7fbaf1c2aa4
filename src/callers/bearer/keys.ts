import { setTimeout as sleep } from 'node:timers/promises'
import { errors, type CryptoKey, type JWTHeaderParameters } from 'jose'
import { stampsOf } from '../../files/stamp.js'
import { watchFiles } from '../../files/watch.js'
import { mistake, type Diagnostic } from '../../lib/diagnostic.js'
import { detach } from '../../lib/detach.js'
import { keySetOf, type KeySet } from './key-set.js'
import { KeysError } from './keys-error.js'
import { LastKeys, type KeysLog } from './last-keys.js'
import type { KeySource } from './sources.js'

export type { KeysLog }

/** For one fetch of everything it needs. */
const FETCH_TIMEOUT_MS = 2000
/** How long a start waits for the first fetch. */
const START_WAIT_MS = 1500
const REFRESH_INTERVAL_MS = 600_000
/** The same while there are no keys. */
const RETRY_INTERVAL_MS = 10_000
/** From any fetch to one for an unknown key: anybody can invent keys. */
const UNKNOWN_KEY_INTERVAL_MS = 30_000

export interface ProviderKeysOptions {
  source: KeySource
  log: KeysLog
  /** A monotonic clock, in milliseconds. */
  now?: () => number
}

/**
 * Keeps the public keys of the identity provider: fetches them every 10 minutes, and when a token names an unknown key. A bad answer
 * replaces nothing: in an outage, the last good set is used for a day.
 */
export class ProviderKeys {
  readonly #source: KeySource
  readonly #log: KeysLog
  readonly #now: () => number
  readonly #last: LastKeys
  readonly #closing = new AbortController()
  /** Ends the running fetch. */
  #fetching: AbortController | undefined
  #fetchedAt = -Infinity
  #fetch: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor ({ source, log, now = () => performance.now() }: ProviderKeysOptions) {
    this.#source = source
    this.#log = log
    this.#now = now
    this.#last = new LastKeys(log, now)
  }

  /** False while no token can be verified. */
  get ready (): boolean {
    return this.current !== undefined
  }

  /** Whether the last fetch succeeded. */
  get upToDate (): boolean {
    return this.#last.upToDate
  }

  /** Why the last fetch failed, in words. */
  get failure (): string | undefined {
    return this.#last.failure?.message
  }

  /**
   * The set that tokens are verified with; another object after each fetch. Undefined before the first one, and if the last good one is
   * older than a day.
   */
  get current (): KeySet | undefined {
    return this.#last.current
  }

  /**
   * Starts to fetch the keys, and watches the file that they are in. If the provider does not answer, that is no mistake: the keys are
   * fetched later.
   * @returns what is wrong with the settings, within 1.5 s
   */
  async start (): Promise<Diagnostic[]> {
    const { path } = this.#source
    const stamps = await stampsOf(path === undefined ? [] : [path])
    const waiting = new AbortController()
    await Promise.race([this.refresh(), sleep(START_WAIT_MS, undefined, { signal: waiting.signal }).catch(() => {})])
    waiting.abort()
    const { failure } = this.#last
    if (failure !== undefined && (failure.kind === 'mistake' || path !== undefined)) {
      return [mistake('JWT_ISSUER', path === undefined ? 'invalid' : 'unreadable', `JWT_ISSUER: ${failure.message}`)]
    }
    if (!this.ready && failure === undefined) this.#log.warn('the keys of JWT_ISSUER have not been received yet; until then, bearer tokens are refused with 503')
    detach(watchFiles({ stamps, signal: this.#closing.signal, onChange: () => this.refresh() }))
    return []
  }

  /** Fetches the keys now, or joins the running fetch. Never rejects. */
  refresh (): Promise<void> {
    this.#fetch ??= this.#fetchKeys().finally(() => { this.#fetch = undefined })
    return this.#fetch
  }

  /**
   * Returns the key that a token names, for `jwtVerify`. Waits 2 s at most.
   * @throws Problem `keys-unavailable`, or an error of jose if no key fits, or several do
   */
  async find (header: JWTHeaderParameters): Promise<CryptoKey> {
    if (!this.ready) await this.#fetch
    try {
      return await this.#findKnown(header)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    await (this.#now() - this.#fetchedAt >= UNKNOWN_KEY_INTERVAL_MS ? this.refresh() : this.#fetch)
    return this.#findKnown(header).catch((error: unknown) => { throw this.#last.failure === undefined ? error : this.#last.unavailable() })
  }

  close (): void {
    this.#closing.abort()
    this.#fetching?.abort()
    clearTimeout(this.#timer)
  }

  async #findKnown (header: JWTHeaderParameters): Promise<CryptoKey> {
    const { current } = this
    if (current === undefined) throw this.#last.unavailable()
    return current.find(header)
  }

  async #fetchKeys (): Promise<void> {
    this.#fetchedAt = this.#now()
    clearTimeout(this.#timer)
    // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the latter as garbage, and the fetch would never end.
    const fetching = this.#fetching = new AbortController()
    const timeout = setTimeout(() => fetching.abort(), FETCH_TIMEOUT_MS)
    try {
      this.#last.succeed(keySetOf(await this.#source.read(fetching.signal)))
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#last.fail(KeysError.of(error))
    }
    clearTimeout(timeout)
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => detach(this.refresh()), this.ready ? REFRESH_INTERVAL_MS : RETRY_INTERVAL_MS).unref()
  }
}
