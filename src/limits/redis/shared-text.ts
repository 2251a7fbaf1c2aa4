import type { SharedText } from '../counters.js'
import type { RedisConnection } from './connection.js'

/** A text in Redis. It is kept in a field of a hash, so that it needs no other rights than the counters. */
export class RedisText implements SharedText {
  readonly #connection: RedisConnection
  readonly #key: string

  constructor (connection: RedisConnection, name: string) {
    this.#connection = connection
    this.#key = connection.keyOf(name, '')
  }

  async read (): Promise<string | undefined> {
    const reply = await this.#connection.run(redis => redis.hmget(this.#key, 'text'))
    return reply && (reply[0] ?? '')
  }

  async replace (before: string, after: string, ms: number): Promise<boolean | undefined> {
    return await this.#connection.run(async redis => await redis.brokerReplace(1, this.#key, before, after, ms) === 1)
  }
}
