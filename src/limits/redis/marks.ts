import { randomUUID } from 'node:crypto'
import { problem } from '../../problems.js'
import type { Ask, Marks } from '../counters.js'
import type { RedisLink } from './connection.js'
import type { SharedCounters } from './counters.js'
import { redisKey } from './scripts.js'

/** Marks that all nodes on one Redis see. */
export class SharedMarks implements Marks {
  readonly #link: RedisLink
  readonly #down: 'local' | 'closed'

  constructor (link: RedisLink, down: 'local' | 'closed') {
    this.#link = link
    this.#down = down
  }

  async set (name: string, text: string, ms: number): Promise<void> {
    this.#answered(await this.#link.run(redis => redis.set(redisKey(name, text), '', 'PX', ms)))
  }

  async has (name: string, text: string): Promise<boolean> {
    return this.#answered(await this.#link.run(redis => redis.exists(redisKey(name, text)))) === 1
  }

  async setOnce (name: string, text: string, ms: number, ask?: Ask<SharedCounters>): Promise<boolean> {
    const question = ask?.counters.question(ask)
    // Its counters are going to refuse it.
    if (ask !== undefined && question === undefined) return true
    const keys = [redisKey(name, text), ...question === undefined ? [] : [question.key]]
    const limits = question === undefined ? [] : [question.max, question.window]
    const reply = this.#link.run(redis => redis.brokerSetOnce(keys.length, ...keys, randomUUID(), ms, ...limits))
    const release = ask && ask.counters.expect(ask.key, question!, reply.then(reply => reply?.[1]))
    const isNew = this.#answered(await reply)?.[0] !== 1
    if (!isNew) release?.()
    return isNew
  }

  /** Undefined is no answer. */
  #answered<T> (reply: T | undefined): T | undefined {
    if (reply === undefined && this.#down === 'closed') throw problem('limiter-unavailable', { retryAfter: 5 })
    return reply
  }
}
