import { clientAddress, type ClientAddress } from '../limits/address-buckets.js'
import type { Problem } from '../problems.js'
import { FairQueue, type QueueEntry } from './fair-queue.js'

/** In all lines together. A waiter costs about 1 KB. */
const MAX_WAITERS = 1024
/** How often a waiter tries again without being woken: places that another node frees wake nobody here. */
const RETRY_INTERVAL_MS = 200

/** Lines in which logins wait for their turn, first come, first served. */
export class WaitingLine {
  readonly #lines = new Map<string, Set<Waiter>>()
  readonly #waiters = new FairQueue<Waiter>({
    max: MAX_WAITERS,
    maxPerAddress: MAX_WAITERS / 2,
    maxPerNetwork: MAX_WAITERS / 2,
    retryAfter: 1
  })

  /**
   * Goes to the end of a line.
   * @throws Problem `overloaded` when too many wait
   */
  join (line: string, ip: string): Waiter {
    const waiter: Waiter = new Waiter(line, clientAddress(ip), () => {
      this.#waiters.delete(waiter)
      waiters.delete(waiter)
      if (waiters.size === 0) this.#lines.delete(line)
      // Passes on the wake-up: there may be place for two, or a refusal for all.
      this.wake(line)
    })
    this.#waiters.add(waiter)
    const waiters = this.#lines.get(line) ?? new Set()
    this.#lines.set(line, waiters.add(waiter))
    return waiter
  }

  /** Wakes the first waiter of a line. */
  wake (line: string): void {
    this.#lines.get(line)?.values().next().value?.wake()
  }
}

/** One login in a line. It keeps its place until `leave`, which is called once, so a login that tries in vain stays first. */
export class Waiter implements QueueEntry {
  /** Starts as true: the line may have moved between the login's last try and its joining. */
  #isWoken = true
  #resume: (() => void) | undefined
  #refusal: Problem | undefined

  constructor (readonly line: string, readonly from: ClientAddress, readonly leave: () => void) {}

  wake (): void {
    this.#isWoken = true
    this.#resume?.()
  }

  drop (refusal: Problem): void {
    this.#refusal = refusal
    this.wake()
  }

  /**
   * Resolves when it is worth trying again: after `wake`, after a moment, or when the signal is aborted.
   * @throws Problem `overloaded` when the waiter was dropped
   */
  async turn (signal: AbortSignal): Promise<void> {
    if (!this.#isWoken) await this.#sleep(signal)
    if (this.#refusal !== undefined) throw this.#refusal
    this.#isWoken = false
  }

  #sleep (signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const resume = this.#resume = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', resume)
        resolve()
      }
      const timer = setTimeout(resume, RETRY_INTERVAL_MS)
      signal.addEventListener('abort', resume)
    })
  }
}
