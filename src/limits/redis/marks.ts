import { randomUUID } from 'node:crypto'
import { problem } from '../../problems.js'
import type { PlannedHit, Marks } from '../counters.js'
import type { RedisConnection } from './connection.js'
import type { SharedCounters } from './shared-counters.js'

/** Marks that all nodes on one Redis see. */
export class SharedMarks implements Marks {
  readonly #connection: RedisConnection
  readonly #down: 'local' | 'closed'

  constructor (connection: RedisConnection, down: 'local' | 'closed') {
    this.#connection = connection
    this.#down = down
  }

  async set (name: string, text: string, ms: number): Promise<void> {
    this.#answered(await this.#connection.run(redis => redis.set(this.#connection.keyOf(name, text), '', 'PX', ms)))
  }

  async has (name: string, text: string): Promise<boolean> {
    return this.#answered(await this.#connection.run(redis => redis.exists(this.#connection.keyOf(name, text)))) === 1
  }

  async setOnce (name: string, text: string, ms: number, hit?: PlannedHit<SharedCounters>): Promise<boolean> {
    const command = hit?.counters.commandFor(hit)
    // The counters will refuse this hit, so the text must not be marked.
    if (hit !== undefined && command === undefined) return true
    const keys = [this.#connection.keyOf(name, text), ...command === undefined ? [] : [command.key]]
    const limits = command === undefined ? [] : [command.max, command.windowMs]
    const reply = this.#connection.run(redis => redis.brokerSetOnce(keys.length, ...keys, randomUUID(), ms, ...limits))
    const release = hit && hit.counters.keepPrefetched(hit.key, command!, reply.then(reply => reply?.[1]))
    const isNew = this.#answered(await reply)?.[0] !== 1
    if (!isNew) release?.()
    return isNew
  }

  /** Passes on the reply; undefined means that Redis did not answer. */
  #answered<T> (reply: T | undefined): T | undefined {
    if (reply === undefined && this.#down === 'closed') throw problem('limiter-unavailable', { retryAfter: 5 })
    return reply
  }
}
