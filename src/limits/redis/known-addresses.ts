import { LATELY, MemoryKnownAddresses, type KnownAddresses } from '../memory/known-addresses.js'
import { MemoryCounters } from '../memory/counters.js'
import type { RedisLink } from './connection.js'
import { redisKey } from './scripts.js'

/** Milliseconds for which Redis is not told again what it knows. */
const TOLD = 3_600_000

export class SharedKnownAddresses implements KnownAddresses {
  readonly #link: RedisLink
  readonly #local = new MemoryKnownAddresses()
  readonly #told = new MemoryCounters(TOLD)

  constructor (link: RedisLink) {
    this.#link = link
  }

  add (name: string, address: string): void {
    this.#local.add(name, address)
    const telling = this.#told.reserve(`${address} ${name}`, 1)
    if (telling.exceeded) return
    this.#link.run(redis => redis.set(redisKey('lately', `${address} ${name}`), '', 'PX', LATELY))
      .then(reply => reply === undefined ? telling.release() : telling.commit())
  }

  async has (name: string, address: string): Promise<boolean> {
    return this.hasHere(name, address) ||
      await this.#link.run(redis => redis.exists(redisKey('lately', `${address} ${name}`))) === 1
  }

  hasHere (name: string, address: string): boolean {
    return this.#local.has(name, address)
  }
}
