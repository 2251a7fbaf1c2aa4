import type { ClientAddress } from '../limits/address-buckets.js'
import { problem, type Problem } from '../problems.js'

/** One who waits. */
export interface Waiter {
  readonly from: ClientAddress
  /** Called when it has to give way to another. It waits no more then, and answers with `refusal`. */
  drop (refusal: Problem): void
}

export interface WaitersOptions {
  /** In all. */
  most: number
  mostPerAddress: number
  /** For an IPv6 network, whose owner has very many addresses. */
  mostPerNetwork: number
  /** Seconds after which one who is refused may try again. */
  retryAfter: number
}

/** All that wait from one network, by address. Map and Set keep their order and forget in constant time. */
interface Network<W> {
  readonly lines: Map<string, Set<W>>
  size: number
}

/**
 * A bounded number of waiters, which addresses and networks share: networks take turns, and within each its addresses do.
 * Nobody can fill it for others: when it is full, a newcomer takes the place of the last one in the longest line.
 */
export class Waiters<W extends Waiter> {
  /** The first is next. */
  readonly #networks = new Map<string, Network<W>>()
  readonly #addresses = new Set<string>()
  readonly #options: WaitersOptions
  #size = 0

  constructor (options: WaitersOptions) {
    this.#options = options
  }

  get size (): number {
    return this.#size
  }

  /** The networks from which somebody waits. */
  get networks (): Pick<ReadonlySet<string>, 'has' | 'size'> {
    return this.#networks
  }

  get addresses (): Pick<ReadonlySet<string>, 'has' | 'size'> {
    return this.#addresses
  }

  /** @throws Problem `overloaded` when too many wait */
  add (waiter: W): void {
    const { address, network: key } = waiter.from
    this.#makePlace(waiter.from)
    const network = this.#networks.get(key) ?? { lines: new Map<string, Set<W>>(), size: 0 }
    const line = network.lines.get(address) ?? new Set()
    this.#networks.set(key, network)
    this.#addresses.add(address)
    network.lines.set(address, line.add(waiter))
    network.size += 1
    this.#size += 1
  }

  /** Does nothing where it does not wait any more. */
  delete (waiter: W): void {
    const { address, network: key } = waiter.from
    const network = this.#networks.get(key)
    const line = network?.lines.get(address)
    if (network === undefined || line?.delete(waiter) !== true) return
    network.size -= 1
    this.#size -= 1
    if (line.size === 0) {
      network.lines.delete(address)
      this.#addresses.delete(address)
    }
    if (network.size === 0) this.#networks.delete(key)
  }

  /** Takes out the next one that may go. Its network then stands behind the others, and its address behind those of its network. */
  next (may: (from: ClientAddress) => boolean): W | undefined {
    for (const [key, network] of this.#networks) {
      for (const [address, line] of network.lines) {
        const [waiter] = line
        if (!may(waiter!.from)) continue
        this.delete(waiter!)
        toTheEnd(network.lines, address)
        toTheEnd(this.#networks, key)
        return waiter
      }
    }
  }

  #makePlace ({ address, network: key }: ClientAddress): void {
    const { most, mostPerAddress, mostPerNetwork, retryAfter } = this.#options
    const network = this.#networks.get(key)
    const waiting = network?.lines.get(address)?.size ?? 0
    const isFull = network !== undefined && network.size >= mostPerNetwork
    if (waiting < mostPerAddress && !isFull && this.#size < most) return
    const refusal = problem('overloaded', { retryAfter })
    const last = waiting > 0 ? undefined : isFull ? lastOf(network, 1) : this.#lastOfLongest(network)
    if (last === undefined) throw refusal
    this.delete(last)
    last.drop(refusal)
  }

  /** Of the network with most waiters; undefined where a newcomer of `own` would take from one that has no more. */
  #lastOfLongest (own: Network<W> | undefined): W | undefined {
    const longest = longestOf(this.#networks.values())
    if (longest === own) return lastOf(own, 1)
    return longest !== undefined && longest.size > (own?.size ?? 0) + 1 ? lastOf(longest, 0) : undefined
  }
}

/** The last in the longest line, if that has more than `least`. */
function lastOf<W> (network: Network<W> | undefined, least: number): W | undefined {
  const line = [...longestOf(network?.lines.values() ?? []) ?? []]
  return line.length > least ? line.at(-1) : undefined
}

/** Of equals the one that came later. */
function longestOf<T extends { size: number }> (all: Iterable<T>): T | undefined {
  let longest: T | undefined
  for (const one of all) if (one.size >= (longest?.size ?? 0)) longest = one
  return longest
}

function toTheEnd<K, V> (map: Map<K, V>, key: K): void {
  const value = map.get(key)
  if (value !== undefined && map.delete(key)) map.set(key, value)
}
