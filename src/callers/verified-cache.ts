import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ownCopy } from '../limits/keys.js'
import type { Caller, CallerStore } from './store.js'

/** Of names, each with its last right password. */
const NAMES = 10_000

interface Entry {
  readonly digest: Buffer
  readonly caller: Caller
  /** By the monotonic clock, in milliseconds. */
  readonly since: number
}

export interface VerifiedOptions {
  /** Names at most. */
  size?: number
  /** A clock that never steps, in milliseconds. */
  now?: () => number
}

/**
 * Right passwords, remembered so that only a caller's first request costs a hash.
 * Kept is a digest under a key that no other process has and that is never written down: it is worth nothing in a memory dump without that key,
 * and a wrong password never takes the place of the right one.
 */
export class VerifiedCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #key = randomBytes(32).toString('hex')
  readonly #scratch = Buffer.alloc(32)
  readonly #store: Pick<CallerStore, 'isCurrent' | 'rememberFor'>
  readonly #now: () => number

  constructor (store: Pick<CallerStore, 'isCurrent' | 'rememberFor'>, { size = NAMES, now = () => performance.now() }: VerifiedOptions = {}) {
    this.#store = store
    this.#entries = new LRUCache({ max: size })
    this.#now = now
  }

  /**
   * The caller whose password this was when the store last looked, if that is not too long ago and the caller has not changed since;
   * null where another password is remembered for the name, so that this one was a guess at it.
   */
  get (name: string, password: string): Caller | null | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    if (this.#now() - entry.since >= this.#store.rememberFor || !this.#store.isCurrent(entry.caller)) {
      this.#entries.delete(name)
      return
    }
    return timingSafeEqual(entry.digest, this.#digest(name, password)) ? entry.caller : null
  }

  set (name: string, password: string, caller: Caller): void {
    this.#entries.set(ownCopy(name), { digest: Buffer.from(this.#digest(name, password)), caller, since: this.#now() })
  }

  /**
   * The length keeps `ab` + `c` apart from `a` + `bc`. A key in front is enough: whoever could extend a digest would have to see one.
   * An HMAC would cost three times as much, at every request. Lone surrogates, which would all be one here, are in no login.
   * @returns good until the next call
   */
  #digest (name: string, password: string): Buffer {
    this.#scratch.write(hash('sha256', `${this.#key}${name.length}:${name}${password}`, 'binary'), 'latin1')
    return this.#scratch
  }
}
