import { LRUCache } from 'lru-cache'
import type { Marks } from '../../limits/counters.js'

/** Sessions. Beyond, those that were ended first are forgotten. */
const MAX_ENDED = 100_000

/** The sessions that were ended before their time: on this node and, where there is a Redis, on all. */
export class EndedSessions {
  readonly #ids: LRUCache<string, true>
  readonly #shared: Marks | undefined

  constructor (shared?: Marks, max = MAX_ENDED) {
    this.#ids = new LRUCache({ max })
    this.#shared = shared
  }

  /**
   * Settles once all nodes can see it.
   * @param restMs milliseconds that the session had left
   */
  async add (id: string, restMs: number): Promise<void> {
    this.#ids.set(id, true)
    await this.#shared?.set('ended', id, restMs)
  }

  /** Synchronous where there is no need to ask Redis. */
  has (id: string): boolean | Promise<boolean> {
    return this.#ids.has(id) || (this.#shared?.has('ended', id) ?? false)
  }
}
