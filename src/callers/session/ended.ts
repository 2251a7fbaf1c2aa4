import { LRUCache } from 'lru-cache'
import { growingTo } from '../../lib/lru.js'
import type { Marks } from '../../limits/counters.js'

/** Beyond it, the sessions that were ended first are forgotten. */
const MAX_SESSIONS = 100_000

/** Remembers sessions that were ended before they expired: on this node and, with Redis, on all nodes. */
export class EndedSessions {
  readonly #ids: LRUCache<string, true>
  readonly #shared: Marks | undefined

  constructor (shared?: Marks, max = MAX_SESSIONS) {
    this.#ids = new LRUCache(growingTo(max))
    this.#shared = shared
  }

  /**
   * Resolves once all nodes know it.
   * @param leftMs milliseconds until the session would have expired
   */
  async add (id: string, leftMs: number): Promise<void> {
    this.#ids.set(id, true)
    await this.#shared?.set('ended', id, leftMs)
  }

  /** Returns a value where Redis need not be asked. */
  has (id: string): boolean | Promise<boolean> {
    return this.#ids.has(id) || (this.#shared?.has('ended', id) ?? false)
  }
}
