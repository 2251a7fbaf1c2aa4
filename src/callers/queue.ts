import { availableParallelism } from 'node:os'
import { problem } from '../problems.js'
import type { Login } from './store.js'

export interface HashQueueOptions {
  /** Hashes that run at once. */
  atOnce?: number
  /** Hashes that wait, over all addresses. */
  mostWaiting?: number
  /** Hashes that wait for one address. */
  mostPerAddress?: number
  /** What counts as one address: a stranger owns a whole IPv6 /64, not one of its addresses. */
  addressOf?: (ip: string) => string
}

/** Seconds; a full queue of default hashes is worked off in about this time on two cores. */
const retryAfter = 2

/** A login that waits: called when its turn comes. */
type Turn = () => void

/**
 * Lets a few password hashes run and a bounded number wait, so that logins can neither take every core nor all memory.
 * Addresses take turns, one hash each, however many each has waiting, and an address has all the places only while no other
 * wants one: a flood from one address delays another's login by the rest of one hash.
 */
export class HashQueue {
  /** Those that wait, by address. Map and Set keep their order and forget in constant time; the first address is next. */
  readonly #lanes = new Map<string, Set<Turn>>()
  /** Hashes that run, by address. */
  readonly #held = new Map<string, number>()
  readonly #options: Required<HashQueueOptions>
  readonly #mostHeld: number
  #running = 0
  #waiting = 0

  constructor (options: HashQueueOptions = {}) {
    this.#options = {
      atOnce: availableParallelism(),
      mostWaiting: 256,
      mostPerAddress: 64,
      addressOf: ip => ip,
      ...options
    }
    this.#mostHeld = Math.max(1, this.#options.atOnce - 1)
  }

  /** Hashes that run now. */
  get running (): number {
    return this.#running
  }

  /** Hashes that wait now. */
  get waiting (): number {
    return this.#waiting
  }

  /**
   * Runs `hash` when its turn comes. Once it runs, a caller who hangs up no longer stops it: a native hash cannot be stopped.
   * @throws Problem `overloaded`, at once, when too many wait; the signal's reason when the caller hangs up while waiting
   */
  async run<T> ({ ip, signal }: Login, hash: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const address = this.#options.addressOf(ip)
    if (this.#running < this.#options.atOnce && this.#mayHold(address)) this.#count(address, 1)
    else await this.#turn(address, signal)
    try {
      return await hash()
    } finally {
      this.#count(address, -1)
      this.#next()
    }
  }

  /** Waits; resolves with a place taken. */
  #turn (address: string, signal: AbortSignal): Promise<void> {
    const lane = this.#lanes.get(address) ?? new Set<Turn>()
    if (this.#waiting >= this.#options.mostWaiting || lane.size >= this.#options.mostPerAddress) {
      throw problem('overloaded', { retryAfter })
    }
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener('abort', leave)
        this.#count(address, 1)
        resolve()
      }
      const leave = () => {
        this.#forget(address, lane, turn)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#lanes.set(address, lane.add(turn))
      this.#waiting++
    })
  }

  /**
   * Hands a place that came free to the address whose turn it is; that address then stands behind the others.
   * Passes over those that hold all they may beside others, of which there are fewer than places.
   */
  #next (): void {
    for (const [address, lane] of this.#lanes) {
      const turn = lane.values().next().value
      if (turn === undefined || !this.#mayHold(address)) continue
      this.#forget(address, lane, turn)
      if (this.#lanes.delete(address)) this.#lanes.set(address, lane)
      turn()
      return
    }
  }

  #mayHold (address: string): boolean {
    const held = this.#held.get(address) ?? 0
    return held < this.#mostHeld || this.#isAlone(address)
  }

  #isAlone (address: string): boolean {
    return [this.#held, this.#lanes].every(({ size }, i, maps) => size === Number(maps[i]!.has(address)))
  }

  #count (address: string, by: 1 | -1): void {
    const held = (this.#held.get(address) ?? 0) + by
    if (held === 0) this.#held.delete(address)
    else this.#held.set(address, held)
    this.#running += by
  }

  #forget (address: string, lane: Set<Turn>, turn: Turn): void {
    lane.delete(turn)
    if (lane.size === 0) this.#lanes.delete(address)
    this.#waiting--
  }
}
