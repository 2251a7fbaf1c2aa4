import type { ClientAddress } from '../limits/address-buckets.js'
import { problem, type Problem } from '../problems.js'

export interface QueueEntry {
  readonly from: ClientAddress
  /** Called when the entry is removed to make place for another. It then fails with `refusal`. */
  drop (refusal: Problem): void
}

export interface FairQueueOptions {
  max: number
  maxPerAddress: number
  /** For an IPv6 network, whose owner has very many addresses. */
  maxPerNetwork: number
  /** Seconds after which a refused entry may try again. */
  retryAfter: number
}

/** The entries of one network, by address. Maps and Sets keep their order and delete in constant time. */
interface Network<E> {
  readonly lines: Map<string, Set<E>>
  size: number
}

/**
 * A bounded queue that networks and addresses share fairly: networks take turns, and within a network its addresses do.
 * Nobody can fill it for others: in a full queue, a new entry replaces the last one of the longest line.
 */
export class FairQueue<E extends QueueEntry> {
  /** The first network has the next turn. */
  readonly #networks = new Map<string, Network<E>>()
  readonly #addresses = new Set<string>()
  readonly #options: FairQueueOptions
  #size = 0

  constructor (options: FairQueueOptions) {
    this.#options = options
  }

  get size (): number {
    return this.#size
  }

  /** The networks that have an entry. */
  get networks (): Pick<ReadonlySet<string>, 'has' | 'size'> {
    return this.#networks
  }

  /** The addresses that have an entry. */
  get addresses (): Pick<ReadonlySet<string>, 'has' | 'size'> {
    return this.#addresses
  }

  /** @throws Problem `overloaded` when too many wait */
  add (entry: E): void {
    const { address, network: key } = entry.from
    this.#makePlace(entry.from)
    const network = this.#networks.get(key) ?? { lines: new Map<string, Set<E>>(), size: 0 }
    const line = network.lines.get(address) ?? new Set()
    this.#networks.set(key, network)
    this.#addresses.add(address)
    network.lines.set(address, line.add(entry))
    network.size += 1
    this.#size += 1
  }

  /** Does nothing for an entry that is not in the queue. */
  delete (entry: E): void {
    const { address, network: key } = entry.from
    const network = this.#networks.get(key)
    const line = network?.lines.get(address)
    if (network === undefined || line?.delete(entry) !== true) return
    network.size -= 1
    this.#size -= 1
    if (line.size === 0) {
      network.lines.delete(address)
      this.#addresses.delete(address)
    }
    if (network.size === 0) this.#networks.delete(key)
  }

  /** Removes and returns the next entry that `mayRun` allows. Its network and its address then have their next turn last. */
  next (mayRun: (from: ClientAddress) => boolean): E | undefined {
    for (const [key, network] of this.#networks) {
      for (const [address, line] of network.lines) {
        const [entry] = line
        if (!mayRun(entry!.from)) continue
        this.delete(entry!)
        moveToEnd(network.lines, address)
        moveToEnd(this.#networks, key)
        return entry
      }
    }
  }

  #makePlace ({ address, network: key }: ClientAddress): void {
    const { max, maxPerAddress, maxPerNetwork, retryAfter } = this.#options
    const network = this.#networks.get(key)
    const waiting = network?.lines.get(address)?.size ?? 0
    const isNetworkFull = network !== undefined && network.size >= maxPerNetwork
    if (waiting < maxPerAddress && !isNetworkFull && this.#size < max) return
    const refusal = problem('overloaded', { retryAfter })
    const last = waiting > 0 ? undefined : isNetworkFull ? lastOfLongest(network, 1) : this.#lastOfLongestNetwork(network)
    if (last === undefined) throw refusal
    this.delete(last)
    last.drop(refusal)
  }

  /** Returns undefined where the largest network has no more entries than `own` will have with the new one. */
  #lastOfLongestNetwork (own: Network<E> | undefined): E | undefined {
    const longest = longestOf(this.#networks.values())
    if (longest === own) return lastOfLongest(own, 1)
    return longest !== undefined && longest.size > (own?.size ?? 0) + 1 ? lastOfLongest(longest, 0) : undefined
  }
}

/** The last entry of a network's longest line, if that has more than `min` entries. */
function lastOfLongest<E> (network: Network<E> | undefined, min: number): E | undefined {
  const line = [...longestOf(network?.lines.values() ?? []) ?? []]
  return line.length > min ? line.at(-1) : undefined
}

/** Of several equally long ones, the last. */
function longestOf<T extends { size: number }> (all: Iterable<T>): T | undefined {
  let longest: T | undefined
  for (const one of all) if (one.size >= (longest?.size ?? 0)) longest = one
  return longest
}

function moveToEnd<K, V> (map: Map<K, V>, key: K): void {
  const value = map.get(key)
  if (value !== undefined && map.delete(key)) map.set(key, value)
}
