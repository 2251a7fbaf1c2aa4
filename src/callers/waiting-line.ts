import { clientAddress, type ClientAddress } from '../limits/address-buckets.js'
import type { Problem } from '../problems.js'
import { Waiters, type Waiter } from './waiters.js'

/** In all lines together. One who waits costs about 1 KB, and no hash. */
const WAITING = 1024
/** Milliseconds after which one who waits looks again unasked: another node frees places without waking anyone here. */
const LOOK_AGAIN = 200

/** Lines in which requests wait for their turn, first come, first woken. */
export class WaitingLine {
  readonly #lines = new Map<string, Set<Ticket>>()
  readonly #waiters = new Waiters<Ticket>({ most: WAITING, mostPerAddress: WAITING / 2, mostPerNetwork: WAITING / 2, retryAfter: 1 })

  /**
   * Goes to the end of a line.
   * @throws Problem `overloaded` when too many wait
   */
  join (line: string, ip: string): Ticket {
    const ticket: Ticket = new Ticket(line, clientAddress(ip), () => {
      this.#waiters.delete(ticket)
      tickets.delete(ticket)
      if (tickets.size === 0) this.#lines.delete(line)
      // Whoever leaves hands on the turn it was woken for: there may be room for two, or a refusal for all.
      this.wake(line)
    })
    this.#waiters.add(ticket)
    const tickets = this.#lines.get(line) ?? new Set()
    this.#lines.set(line, tickets.add(ticket))
    return ticket
  }

  /** Tells the one who has waited longest that it is worth trying. */
  wake (line: string): void {
    this.#lines.get(line)?.values().next().value?.wake()
  }
}

/** A place in a line, kept until `leave`, which is called once; so who tries in vain is still first. */
export class Ticket implements Waiter {
  /** Who was woken while trying tries again; and who has just joined, as the turn may have come between the try and the joining. */
  #due = true
  #go: (() => void) | undefined
  #refusal: Problem | undefined

  constructor (readonly line: string, readonly from: ClientAddress, readonly leave: () => void) {}

  wake (): void {
    this.#due = true
    this.#go?.()
  }

  drop (refusal: Problem): void {
    this.#refusal = refusal
    this.wake()
  }

  /**
   * Resolves when it is worth trying: when woken, after a moment, or when the signal is aborted.
   * @throws Problem `overloaded` when it had to give way to another
   */
  async turn (signal: AbortSignal): Promise<void> {
    if (!this.#due) await this.#sleep(signal)
    if (this.#refusal !== undefined) throw this.#refusal
    this.#due = false
  }

  #sleep (signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const go = this.#go = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', go)
        resolve()
      }
      const timer = setTimeout(go, LOOK_AGAIN)
      signal.addEventListener('abort', go)
    })
  }
}
