import { detach } from '../../lib/detach.js'
import { randomUUID } from 'node:crypto'
import type { RedisConnection } from './connection.js'
import type { KeyOf } from './keys.js'
import { refusalOf } from './outage.js'
import { ABANDONED_MS, type CountReply } from './scripts.js'

/** A hit to count. */
export interface CountCommand {
  /** The key in Redis. */
  key: string
  max: number
  windowMs: number
  /** 1 for a reservation. */
  hold: 0 | 1
}

/** The outcome of a hit that Redis counted. */
interface Outcome {
  key: string
  windowId: string
  released: number
  settled: 0 | 1
  /** When it was reported, by `performance.now()`. */
  at: number
}

/**
 * Sends counts to Redis, and their outcomes in batches. Outcomes that could not be sent wait until Redis is available again: otherwise
 * reservations of logins that have ended would remain in Redis, and other logins would wait for them.
 */
export class CommandBatch {
  readonly #connection: RedisConnection
  #outcomes: Outcome[] = []
  #isScheduled = false

  constructor (connection: RedisConnection) {
    this.#connection = connection
  }

  get keyOf (): KeyOf {
    return this.#connection.keyOf
  }

  /** Returns a reply for each command up to the first that is refused; undefined if Redis does not answer. */
  count (commands: CountCommand[]): Promise<CountReply[] | undefined> {
    // Sends the queued outcomes first: a hit that is released there may allow this one.
    this.#flush()
    const keys = commands.map(({ key }) => key)
    const limits = commands.flatMap(({ max, windowMs, hold }) => [max, windowMs, hold])
    return this.#connection.run(redis => redis.brokerCount(keys.length, ...keys, randomUUID(), ...limits))
  }

  /**
   * Reports the outcome of a hit, without waiting. All outcomes of one turn of the event loop share one command.
   * @param windowId the window in which Redis counted the hit
   * @param released 1 if the hit is taken back
   * @param settled 1 if the hit was a reservation
   */
  settle (key: string, windowId: string, released: number, settled: 0 | 1): void {
    this.#outcomes.push({ key, windowId, released, settled, at: performance.now() })
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => this.#flush())
  }

  /** Clears committed hits of a key, at most `max` in one window. */
  clear (key: string, max: number): void {
    if (this.#connection.up) this.settle(key, '', max, 0)
  }

  #flush (): void {
    this.#isScheduled = false
    if (!this.#connection.up) return
    const oldest = performance.now() - ABANDONED_MS
    // Redis has already released the older ones by itself.
    const outcomes = this.#outcomes.splice(0).filter(({ at }) => at > oldest)
    if (outcomes.length === 0) return
    const keys = outcomes.map(({ key }) => key)
    const values = outcomes.flatMap(({ windowId, released, settled }) => [windowId, released, settled])
    detach(this.#connection.run(redis => redis.brokerSettle(keys.length, ...keys, ...values).catch((error: Error) => {
      // Sent again only if Redis has refused the command. Without an answer, it may have been run.
      if (refusalOf(error) !== undefined) this.#outcomes.unshift(...outcomes)
      throw error
    })))
  }
}
