import { LRUCache } from 'lru-cache'
import { ownCopy } from '../keys.js'

/** A week, so that an address is still known after a weekend. */
export const KNOWN_MS = 7 * 24 * 3_600_000

const MAX_NAMES = 10_000

/** Bounds each name for itself, so that a caller with many addresses pushes out only its own. */
const MAX_ADDRESSES_PER_NAME = 16

/** The addresses from which a name logged in during the last week. Add an address only after a right password. */
export interface KnownAddresses {
  add (name: string, address: string): void
  has (name: string, address: string): boolean | Promise<boolean>
  /** Like `has`, but asks no other node. */
  hasHere (name: string, address: string): boolean
  /** Whether the name logged in on this node during the last week, from any address. */
  hasName (name: string): boolean
}

interface KnownAddress {
  readonly address: string
  /** Milliseconds of the monotonic clock. */
  lastSeen: number
}

export class MemoryKnownAddresses implements KnownAddresses {
  readonly #names = new LRUCache<string, Map<string, KnownAddress>>({ max: MAX_NAMES })
  readonly #now: () => number

  /** @param now a monotonic clock, in milliseconds */
  constructor (now = () => performance.now()) {
    this.#now = now
  }

  add (name: string, address: string): void {
    const addresses = this.#names.get(name) ?? this.#create(name)
    const known = addresses.get(address) ?? { address: ownCopy(address), lastSeen: 0 }
    known.lastSeen = this.#now()
    // Most callers have one address, which needs no move to the end.
    if (addresses.size === 1 && addresses.has(address)) return
    addresses.delete(address)
    addresses.set(known.address, known)
    for (const oldest of addresses.keys()) {
      if (addresses.size <= MAX_ADDRESSES_PER_NAME) break
      addresses.delete(oldest)
    }
  }

  has (name: string, address: string): boolean {
    return this.hasHere(name, address)
  }

  hasHere (name: string, address: string): boolean {
    const known = this.#names.get(name)?.get(address)
    return known !== undefined && this.#now() - known.lastSeen < KNOWN_MS
  }

  hasName (name: string): boolean {
    return this.#names.has(name)
  }

  #create (name: string): Map<string, KnownAddress> {
    const addresses = new Map<string, KnownAddress>()
    this.#names.set(ownCopy(name), addresses)
    return addresses
  }
}
