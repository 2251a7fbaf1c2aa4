import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ownCopy } from '../limits/keys.js'
import type { Caller, CallerStore } from './store.js'

const MAX_NAMES = 10_000

interface Entry {
  readonly digest: Buffer
  readonly caller: Caller
  /** Milliseconds of the monotonic clock. */
  readonly verifiedAt: number
}

/** What a store says about caching. */
type StoreRules = Pick<CallerStore, 'isCurrent' | 'cacheMs'>

export interface VerifiedCacheOptions {
  maxNames?: number
  /** A monotonic clock, in milliseconds. */
  now?: () => number
}

/**
 * Caches the last right password of each name, so that only a caller's first request costs a hash.
 * Stores a digest under a random key that never leaves this process: without the key, the digest in a memory dump is worthless. A wrong
 * password never replaces a right one.
 */
export class VerifiedCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #key = randomBytes(32).toString('hex')
  readonly #buffer = Buffer.alloc(32)
  readonly #store: StoreRules
  readonly #now: () => number

  constructor (store: StoreRules, { maxNames = MAX_NAMES, now = () => performance.now() }: VerifiedCacheOptions = {}) {
    this.#store = store
    this.#entries = new LRUCache({ max: maxNames })
    this.#now = now
  }

  /**
   * @returns the caller for a right password; null where another password is cached for the name; undefined where nothing
   * is cached, or the entry has expired or its caller has changed
   */
  get (name: string, password: string): Caller | null | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    if (this.#now() - entry.verifiedAt >= this.#store.cacheMs || !this.#store.isCurrent(entry.caller)) {
      this.#entries.delete(name)
      return
    }
    return timingSafeEqual(entry.digest, this.#digest(name, password)) ? entry.caller : null
  }

  set (name: string, password: string, caller: Caller): void {
    this.#entries.set(ownCopy(name), { digest: Buffer.from(this.#digest(name, password)), caller, verifiedAt: this.#now() })
  }

  /**
   * The name's length keeps `ab` + `c` apart from `a` + `bc`. An HMAC would take three times as long at every request and is not needed:
   * the digest is never shown, so nobody can extend it. Lone surrogates would all have one encoding, but no login has any.
   * @returns a shared buffer, overwritten by the next call
   */
  #digest (name: string, password: string): Buffer {
    this.#buffer.write(hash('sha256', `${this.#key}${name.length}:${name}${password}`, 'binary'), 'latin1')
    return this.#buffer
  }
}
