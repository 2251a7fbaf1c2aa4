import { availableParallelism } from 'node:os'
import { clientAddress, type ClientAddress } from '../../limits/address-buckets.js'
import { problem, type Problem } from '../../problems.js'
import { FairQueue, type QueueEntry } from '../fair-queue.js'
import type { LoginContext } from '../store.js'

export interface HashQueueOptions {
  /** Hashes that run in parallel; by default one a core. */
  maxRunning?: number
  /** Hashes that wait, over all addresses; by default 256. */
  maxWaiting?: number
  /** Hashes that wait for one address; by default 64. */
  maxPerAddress?: number
  /** Hashes that wait for one IPv6 /48; by default 128. */
  maxPerNetwork?: number
  /** By default 20 000. */
  maxWaitMs?: number
}

/** Two cores process a full queue of default hashes in about this time. */
const RETRY_AFTER_SECONDS = 2

/** After this time most clients have given up. `ABANDONED_MS` of the Redis scripts relies on it. */
const MAX_WAIT_MS = 20_000

/** A login that waits for its hash. */
interface Job extends QueueEntry {
  start (): void
}

/**
 * Runs a few password hashes in parallel and lets a bounded number wait, so that logins occupy neither every core nor all memory. Networks
 * and addresses take turns, one hash each. One of them may use every core only while no other is waiting. So a flood from one address or
 * network delays a login from another by at most the rest of one hash.
 */
export class HashQueue {
  readonly #queue: FairQueue<Job>
  /** Running hashes by address. */
  readonly #addresses = new Map<string, number>()
  /** Running hashes by network. */
  readonly #networks = new Map<string, number>()
  readonly #maxRunning: number
  /** How many passwords of one address or network may be hashed at a time while other addresses wait. */
  readonly #maxShare: number
  readonly #maxWaitMs: number
  #running = 0

  constructor (options: HashQueueOptions = {}) {
    const { maxRunning = availableParallelism(), maxWaiting = 256, maxPerAddress = 64, maxPerNetwork = 128 } = options
    this.#queue = new FairQueue({ max: maxWaiting, maxPerAddress, maxPerNetwork, retryAfter: RETRY_AFTER_SECONDS })
    this.#maxRunning = maxRunning
    this.#maxShare = Math.max(1, maxRunning - 1)
    this.#maxWaitMs = options.maxWaitMs ?? MAX_WAIT_MS
  }

  /** How many hashes run now. */
  get running (): number {
    return this.#running
  }

  /** How many hashes wait now. */
  get waiting (): number {
    return this.#queue.size
  }

  /**
   * Runs `hash` when its turn has come. A client that hangs up later does not stop it: a native hash cannot be stopped.
   * @throws Problem `overloaded` when too many wait or it waits too long; the signal's reason when the client hangs up while it waits
   */
  async run<T> ({ ip, signal }: LoginContext, hash: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const from = clientAddress(ip)
    if (this.#running < this.#maxRunning && this.#mayRun(from)) this.#count(from, 1)
    else await this.#turn(from, signal)
    try {
      return await hash()
    } finally {
      this.#count(from, -1)
      this.#queue.next(from => this.#mayRun(from))?.start()
    }
  }

  /** Resolves when the job's turn has come; it is then counted as running. */
  #turn (from: ClientAddress, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopWaiting = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const job: Job = {
        from,
        start: () => {
          stopWaiting()
          this.#count(from, 1)
          resolve()
        },
        drop: (refusal: Problem) => {
          stopWaiting()
          reject(refusal)
        }
      }
      const onAbort = (): void => {
        stopWaiting()
        this.#queue.delete(job)
        reject(signal.reason)
      }
      this.#queue.add(job)
      signal.addEventListener('abort', onAbort)
      const timer = setTimeout(() => {
        this.#queue.delete(job)
        job.drop(problem('overloaded', { retryAfter: RETRY_AFTER_SECONDS }))
      }, this.#maxWaitMs).unref()
    })
  }

  #mayRun ({ address, network }: ClientAddress): boolean {
    return this.#hasShare(network, this.#networks, this.#queue.networks) && this.#hasShare(address, this.#addresses, this.#queue.addresses)
  }

  #hasShare (key: string, running: Map<string, number>, waiting: Pick<ReadonlySet<string>, 'has' | 'size'>): boolean {
    const isAlone = running.size === Number(running.has(key)) && waiting.size === Number(waiting.has(key))
    return isAlone || (running.get(key) ?? 0) < this.#maxShare
  }

  #count ({ address, network }: ClientAddress, by: 1 | -1): void {
    addTo(this.#addresses, address, by)
    addTo(this.#networks, network, by)
    this.#running += by
  }
}

function addTo (counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
