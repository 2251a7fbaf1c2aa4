import { randomUUID } from 'node:crypto'
import { problem } from '../problems.js'
import { isSpent, type Count, type Counters, type CounterSource, type Hold } from './counters.js'
import { Hit } from './hit.js'
import { LATELY, MemoryLately, type Lately } from './lately.js'
import { MemoryCounters } from './memory.js'
import { RedisLink, type LinkOptions } from './redis-link.js'
import { redisKey, type CountReply } from './redis-scripts.js'

export interface SharedOptions extends LinkOptions {
  /** While Redis is away: `local` counts in each node for itself, `closed` refuses with `limiter-unavailable`. */
  down: 'local' | 'closed'
}

/** Counters that all nodes on one Redis have in common. Resolves after the first try to reach it, whether it succeeded or not. */
export async function sharedCounters (options: SharedOptions): Promise<CounterSource> {
  const link = await RedisLink.open(options)
  return {
    get up () { return link.up },
    counters: (name, window, size) => new SharedCounters(link, name, new MemoryCounters(window, { size }), options.down),
    lately: () => new SharedLately(link),
    close: () => link.close()
  }
}

/**
 * Redis counts; beside it this node keeps its own account of what Redis said and of its own holds. That one goes on when Redis is away,
 * and a limit that was reached in it stands until its window ends, even against a Redis that was restarted and is empty.
 */
class SharedCounters implements Counters {
  readonly window: number
  readonly #link: RedisLink
  readonly #name: string
  readonly #local: MemoryCounters
  readonly #down: SharedOptions['down']

  constructor (link: RedisLink, name: string, local: MemoryCounters, down: SharedOptions['down']) {
    this.window = local.window
    this.#link = link
    this.#name = name
    this.#local = local
    this.#down = down
  }

  async take (key: string, max: number): Promise<Count> {
    const reply = await this.#count(key, max, 0)
    return reply === undefined ? this.#local.take(key, max) : hit(reply, max)
  }

  async hold (key: string, max: number): Promise<Hold> {
    const reply = await this.#count(key, max, 1)
    if (reply === undefined) return this.#local.hold(key, max)
    if (reply[3] === 1) return hit(reply, max)
    const own = this.#local.hold(key, max)
    return hit(reply, max, givenBack => {
      if (givenBack === 1) own.giveBack()
      else own.keep()
      this.#link.run(redis => redis.brokerSettle(this.#redisKey(key), reply[4], givenBack))
    })
  }

  clear (key: string): void {
    this.#local.clear(key)
    this.#link.run(redis => redis.brokerClear(this.#redisKey(key)))
  }

  /** What Redis says; undefined where this node counts for itself: when Redis is away, or a limit is known to be reached. */
  async #count (key: string, max: number, hold: 0 | 1): Promise<CountReply | undefined> {
    if (isSpent(this.#local.read(key, max))) return
    const reply = await this.#link.run(redis => redis.brokerCount(this.#redisKey(key), max, this.window, randomUUID(), hold))
    if (reply !== undefined) this.#local.learn(key, max, reply[0] - reply[1], reply[2])
    else if (this.#down === 'closed') throw problem('limiter-unavailable', { retryAfter: 5 })
    return reply
  }

  #redisKey (key: string): string {
    return redisKey(this.#name, key)
  }
}

function hit ([used, held, left, exceeded]: CountReply, max: number, settle?: (givenBack: 0 | 1) => void): Hit {
  return new Hit(used, held, max, left, exceeded === 1, settle)
}

/** Milliseconds for which Redis is not told again what it knows. */
const TOLD = 3_600_000

class SharedLately implements Lately {
  readonly #link: RedisLink
  readonly #local = new MemoryLately()
  readonly #told = new MemoryCounters(TOLD)

  constructor (link: RedisLink) {
    this.#link = link
  }

  note (name: string, address: string): void {
    this.#local.note(name, address)
    const telling = this.#told.hold(`${address} ${name}`, 1)
    if (telling.exceeded) return
    this.#link.run(redis => redis.set(redisKey('lately', `${address} ${name}`), '', 'PX', LATELY))
      .then(reply => reply === undefined ? telling.giveBack() : telling.keep())
  }

  async has (name: string, address: string): Promise<boolean> {
    return this.#local.has(name, address) ||
      await this.#link.run(redis => redis.exists(redisKey('lately', `${address} ${name}`))) === 1
  }
}
