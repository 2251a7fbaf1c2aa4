import { availableParallelism } from 'node:os'
import { clientAddress, type ClientAddress } from '../../limits/address-buckets.js'
import { problem, type Problem } from '../../problems.js'
import type { Login } from '../store.js'
import { Waiters, type Waiter } from '../waiters.js'

export interface HashQueueOptions {
  /** Hashes that run at once. */
  atOnce?: number
  /** Hashes that wait, over all addresses. */
  mostWaiting?: number
  /** Hashes that wait for one address. */
  mostPerAddress?: number
  /** Hashes that wait for one IPv6 /48. */
  mostPerNetwork?: number
  /** Milliseconds that one waits at most. */
  patience?: number
}

/** Seconds; a full queue of default hashes is worked off in about this time on two cores. */
const retryAfter = 2

/** Beyond this, whoever asked has most likely given up. The time that a hold lives in Redis counts on it. */
const longestWait = 20_000

/** A login that waits. */
interface Job extends Waiter {
  /** Called when its turn comes. */
  start (): void
}

/**
 * Lets a few password hashes run and a bounded number wait, so that logins can neither take every core nor all memory.
 * Networks and addresses take turns, one hash each, however many each has waiting, and one has all the places only while no other
 * wants one: a flood from one address or network delays another's login by the rest of one hash.
 */
export class HashQueue {
  readonly #waiters: Waiters<Job>
  /** Hashes that run, by address and by network. */
  readonly #addresses = new Map<string, number>()
  readonly #networks = new Map<string, number>()
  readonly #atOnce: number
  /** Hashes that run for one while others want a place. */
  readonly #mostHeld: number
  readonly #patience: number
  #running = 0

  constructor ({ atOnce = availableParallelism(), mostWaiting = 256, mostPerAddress = 64, mostPerNetwork = 128, patience = longestWait }: HashQueueOptions = {}) {
    this.#waiters = new Waiters({ most: mostWaiting, mostPerAddress, mostPerNetwork, retryAfter })
    this.#atOnce = atOnce
    this.#mostHeld = Math.max(1, atOnce - 1)
    this.#patience = patience
  }

  /** Hashes that run now. */
  get running (): number {
    return this.#running
  }

  /** Hashes that wait now. */
  get waiting (): number {
    return this.#waiters.size
  }

  /**
   * Runs `hash` when its turn comes. Once it runs, a caller who hangs up no longer stops it: a native hash cannot be stopped.
   * @throws Problem `overloaded` when too many wait or it waits too long; the signal's reason when the caller hangs up while waiting
   */
  async run<T> ({ ip, signal }: Login, hash: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const from = clientAddress(ip)
    if (this.#running < this.#atOnce && this.#mayHold(from)) this.#count(from, 1)
    else await this.#turn(from, signal)
    try {
      return await hash()
    } finally {
      this.#count(from, -1)
      this.#waiters.next(from => this.#mayHold(from))?.start()
    }
  }

  /** Waits; resolves with a place taken. */
  #turn (from: ClientAddress, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(late)
        signal.removeEventListener('abort', leave)
      }
      const job = {
        from,
        start: () => {
          end()
          this.#count(from, 1)
          resolve()
        },
        drop: (refusal: Problem) => {
          end()
          reject(refusal)
        }
      }
      const leave = (): void => {
        end()
        this.#waiters.delete(job)
        reject(signal.reason)
      }
      this.#waiters.add(job)
      signal.addEventListener('abort', leave)
      const late = setTimeout(() => {
        this.#waiters.delete(job)
        job.drop(problem('overloaded', { retryAfter }))
      }, this.#patience).unref()
    })
  }

  #mayHold ({ address, network }: ClientAddress): boolean {
    return this.#mayHoldMore(network, this.#networks, this.#waiters.networks) && this.#mayHoldMore(address, this.#addresses, this.#waiters.addresses)
  }

  #mayHoldMore (key: string, held: Map<string, number>, waiting: Pick<ReadonlySet<string>, 'has' | 'size'>): boolean {
    const isAlone = held.size === Number(held.has(key)) && waiting.size === Number(waiting.has(key))
    return isAlone || (held.get(key) ?? 0) < this.#mostHeld
  }

  #count ({ address, network }: ClientAddress, by: 1 | -1): void {
    add(this.#addresses, address, by)
    add(this.#networks, network, by)
    this.#running += by
  }
}

function add (counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
