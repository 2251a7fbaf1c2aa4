import { detach } from '../../lib/detach.js'
import { randomUUID } from 'node:crypto'
import type { RedisConnection } from './connection.js'
import type { CountReply } from './scripts.js'

/** A hit to count. */
export interface CountCommand {
  /** The key in Redis. */
  key: string
  max: number
  windowMs: number
  /** 1 for a reservation. */
  hold: 0 | 1
}

/** Sends counts to Redis, and batches what became of them. */
export class CommandBatch {
  readonly #connection: RedisConnection
  #outcomes: Array<[key: string, windowId: string, released: number, settled: 0 | 1]> = []

  constructor (connection: RedisConnection) {
    this.#connection = connection
  }

  /** Returns a reply for each command up to the first that is refused; undefined where Redis is away. */
  count (commands: CountCommand[]): Promise<CountReply[] | undefined> {
    // Keeps the order: earlier releases may make this count succeed.
    this.#flush()
    const keys = commands.map(({ key }) => key)
    const limits = commands.flatMap(({ max, windowMs, hold }) => [max, windowMs, hold])
    return this.#connection.run(redis => redis.brokerCount(keys.length, ...keys, randomUUID(), ...limits))
  }

  /**
   * Reports the outcome of a hit. Nobody waits for it; all outcomes of one turn of the event loop share one command.
   * @param windowId the window in which Redis counted the hit
   * @param released 1 where the hit is taken back
   * @param settled 1 where the hit was a reservation
   */
  settle (key: string, windowId: string, released: number, settled: 0 | 1): void {
    if (this.#outcomes.length === 0) queueMicrotask(() => this.#flush())
    this.#outcomes.push([key, windowId, released, settled])
  }

  /** Clears committed hits of a key, at most `max` in one window. */
  clear (key: string, max: number): void {
    this.settle(key, '', max, 0)
  }

  #flush (): void {
    const outcomes = this.#outcomes.splice(0)
    if (outcomes.length === 0) return
    const keys = outcomes.map(([key]) => key)
    detach(this.#connection.run(redis => redis.brokerSettle(keys.length, ...keys, ...outcomes.flatMap(([, ...outcome]) => outcome))))
  }
}
