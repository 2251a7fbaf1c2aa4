import { setTimeout as sleep } from 'node:timers/promises'
import { errors, type CryptoKey, type JWTHeaderParameters } from 'jose'
import { stampsOf } from '../../files/stamp.js'
import { watchFiles } from '../../files/watch.js'
import { mistake, type Diagnostic } from '../../lib/diagnostic.js'
import { detach } from '../../lib/detach.js'
import { problem } from '../../problems.js'
import { keySetOf, type KeySet } from './key-set.js'
import { KeysError } from './keys-error.js'
import type { KeySource } from './sources.js'

/** Milliseconds. */
const times = {
  /** For one try, whatever it fetches. */
  attempt: 2000,
  /** That a start waits for the first try. */
  start: 1500,
  /** Between two tries. */
  refresh: 600_000,
  /** The same while there are no keys. */
  retry: 10_000,
  /** From any try to one for the sake of an unknown key: strangers can invent as many as they like. */
  unknown: 30_000,
  /** For which a set serves without a newer one. */
  life: 86_400_000
} as const

export interface KeysLog {
  info (message: string): void
  warn (message: string): void
}

export interface ProviderKeysOptions {
  source: KeySource
  log: KeysLog
  /** A monotonic clock, in milliseconds. */
  now?: () => number
}

/**
 * Keeps the public keys of the identity provider: fetches them in the background, and once more for a key that a token names and nobody knows.
 * A bad answer replaces nothing, and the last good set serves an outage of a day.
 */
export class ProviderKeys {
  readonly #source: KeySource
  readonly #log: KeysLog
  readonly #now: () => number
  readonly #closing = new AbortController()
  /** Ends the try under way. */
  #trying: AbortController | undefined
  #set: KeySet | undefined
  #takenAt = 0
  #triedAt = -Infinity
  /** Why the last try failed. */
  #failure: KeysError | undefined
  /** The last warning of an outage. */
  #warned = ''
  #attempt: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor ({ source, log, now = () => performance.now() }: ProviderKeysOptions) {
    this.#source = source
    this.#log = log
    this.#now = now
  }

  /** False while no token can be checked. */
  get ready (): boolean {
    return this.current !== undefined
  }

  /** Whether the last try succeeded. */
  get upToDate (): boolean {
    return this.#set !== undefined && this.#failure === undefined
  }

  /** Why the last try failed, in words. */
  get failure (): string | undefined {
    return this.#failure?.message
  }

  /** The set that tokens are checked by; another object once there is a newer one. Undefined where there is none, or it is older than a day. */
  get current (): KeySet | undefined {
    return this.#now() - this.#takenAt < times.life ? this.#set : undefined
  }

  /**
   * Fetches the keys for the first time, and then again and again. A provider that does not answer is no mistake: the keys come later.
   * @returns what is wrong with the settings, within 1.5 s
   */
  async start (): Promise<Diagnostic[]> {
    const { path } = this.#source
    const stamps = await stampsOf(path === undefined ? [] : [path])
    const waiting = new AbortController()
    await Promise.race([this.refresh(), sleep(times.start, undefined, { signal: waiting.signal }).catch(() => {})])
    waiting.abort()
    if (this.#failure !== undefined && (this.#failure.kind === 'mistake' || path !== undefined)) {
      return [mistake('JWT_ISSUER', path === undefined ? 'invalid' : 'unreadable', `JWT_ISSUER: ${this.#failure.message}`)]
    }
    if (!this.ready && this.#failure === undefined) this.#log.warn('the keys of JWT_ISSUER have not come yet; bearer tokens are refused with 503 until they have')
    detach(watchFiles({ stamps, signal: this.#closing.signal, onChange: () => this.refresh() }))
    return []
  }

  /** Tries to fetch the keys now, or joins the try under way. Never rejects. */
  refresh (): Promise<void> {
    this.#attempt ??= this.#try().finally(() => { this.#attempt = undefined })
    return this.#attempt
  }

  /**
   * The key that a token names, for `jwtVerify`. Waits 2 s at most.
   * @throws Problem `keys-unavailable`, or an error of jose's where no key fits, or several do
   */
  async find (header: JWTHeaderParameters): Promise<CryptoKey> {
    if (!this.ready) await this.#attempt
    try {
      return await this.#known(header)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    await (this.#now() - this.#triedAt >= times.unknown ? this.refresh() : this.#attempt)
    return this.#known(header).catch((error: unknown) => { throw this.#failure === undefined ? error : this.#unavailable() })
  }

  close (): void {
    this.#closing.abort()
    this.#trying?.abort()
    clearTimeout(this.#timer)
  }

  async #known (header: JWTHeaderParameters): Promise<CryptoKey> {
    const { current } = this
    if (current === undefined) throw this.#unavailable()
    return current.find(header)
  }

  async #try (): Promise<void> {
    this.#triedAt = this.#now()
    clearTimeout(this.#timer)
    // Not AbortSignal.any of AbortSignal.timeout: Node 20 may collect the latter as garbage, and the try would never end.
    const trying = this.#trying = new AbortController()
    const late = setTimeout(() => trying.abort(), times.attempt)
    try {
      this.#take(keySetOf(await this.#source.read(trying.signal)))
    } catch (error) {
      this.#fail(KeysError.of(error))
    }
    clearTimeout(late)
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => detach(this.refresh()), this.ready ? times.refresh : times.retry).unref()
  }

  #take (set: KeySet): void {
    if (this.#failure !== undefined) this.#log.info('the keys of JWT_ISSUER can be read again')
    this.#failure = undefined
    this.#warned = ''
    this.#set = set
    this.#takenAt = this.#now()
  }

  #fail (failure: KeysError): void {
    this.#failure = failure
    const warning = `the keys of JWT_ISSUER cannot be read; ${this.ready ? 'the last good ones serve for a day' : 'bearer tokens are refused with 503 until they can be'}: ${failure.message}`
    // One line for an outage, and one for each new cause.
    if (warning === this.#warned || this.#closing.signal.aborted) return
    this.#warned = warning
    this.#log.warn(warning)
  }

  #unavailable () {
    return problem('keys-unavailable', { retryAfter: 10, cause: this.#failure })
  }
}
