import { LRUCache } from 'lru-cache'
import { ownCopy } from '../keys.js'

/** Milliseconds; a week, so that a weekend away from the office does not count as gone. */
export const LATELY = 7 * 24 * 3_600_000

/** Addresses a name is remembered at. Bounded for each name, so that one caller with many addresses pushes out its own only. */
const ADDRESSES = 16

/** From which addresses a name logged in recently. Only right passwords add to it. */
export interface KnownAddresses {
  add (name: string, address: string): void
  has (name: string, address: string): boolean | Promise<boolean>
  /** As far as this node knows. */
  hasHere (name: string, address: string): boolean
}

interface Noted {
  readonly address: string
  at: number
}

export class MemoryKnownAddresses implements KnownAddresses {
  readonly #names = new LRUCache<string, Map<string, Noted>>({ max: 10_000 })
  readonly #now: () => number

  constructor (now = () => performance.now()) {
    this.#now = now
  }

  add (name: string, address: string): void {
    const addresses = this.#names.get(name) ?? this.#begin(name)
    const noted = addresses.get(address) ?? { address: ownCopy(address), at: 0 }
    noted.at = this.#now()
    // Most callers have one address, which already is the newest.
    if (addresses.size === 1 && addresses.has(address)) return
    addresses.delete(address)
    addresses.set(noted.address, noted)
    for (const oldest of addresses.keys()) {
      if (addresses.size <= ADDRESSES) break
      addresses.delete(oldest)
    }
  }

  has (name: string, address: string): boolean {
    return this.hasHere(name, address)
  }

  hasHere (name: string, address: string): boolean {
    const noted = this.#names.get(name)?.get(address)
    return noted !== undefined && this.#now() - noted.at < LATELY
  }

  #begin (name: string): Map<string, Noted> {
    const addresses = new Map<string, Noted>()
    this.#names.set(ownCopy(name), addresses)
    return addresses
  }
}
