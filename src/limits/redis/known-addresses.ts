import { KNOWN_MS, MemoryKnownAddresses, type KnownAddresses } from '../memory/known-addresses.js'
import { MemoryCounters } from '../memory/counters.js'
import type { RedisConnection } from './connection.js'
import { detach } from '../../lib/detach.js'

/** How long this node does not write again what Redis already knows. */
const WRITE_INTERVAL_MS = 3_600_000

export class SharedKnownAddresses implements KnownAddresses {
  readonly #connection: RedisConnection
  readonly #local = new MemoryKnownAddresses()
  readonly #writes = new MemoryCounters(WRITE_INTERVAL_MS)

  constructor (connection: RedisConnection) {
    this.#connection = connection
  }

  add (name: string, address: string): void {
    this.#local.add(name, address)
    const write = this.#writes.reserve(`${address} ${name}`, 1)
    if (write.exceeded) return
    detach(this.#connection.run(redis => redis.set(this.#keyOf(name, address), '', 'PX', KNOWN_MS))
      .then(reply => reply === undefined ? write.release() : write.commit()))
  }

  async has (name: string, address: string): Promise<boolean> {
    return this.hasHere(name, address) ||
      await this.#connection.run(redis => redis.exists(this.#keyOf(name, address))) === 1
  }

  hasHere (name: string, address: string): boolean {
    return this.#local.has(name, address)
  }

  hasName (name: string): boolean {
    return this.#local.hasName(name)
  }

  #keyOf (name: string, address: string): string {
    return this.#connection.keyOf('known-address', `${address} ${name}`)
  }
}
