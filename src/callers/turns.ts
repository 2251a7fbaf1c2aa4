import { problem } from '../problems.js'

/** In all lines together. One who waits costs about 1 KB, and no hash. */
const WAITING = 1024
/** Milliseconds after which one who waits looks again unasked: another node frees places without waking anyone here. */
const LOOK_AGAIN = 200

/** Lines in which requests wait for their turn, first come, first woken. */
export class Turns {
  readonly #lines = new Map<string, Set<Ticket>>()
  #waiting = 0

  /**
   * Goes to the end of a line.
   * @throws Problem `overloaded` when too many wait
   */
  join (line: string): Ticket {
    if (this.#waiting === WAITING) throw problem('overloaded', { retryAfter: 1 })
    const tickets = this.#lines.get(line) ?? new Set()
    const ticket = new Ticket(line, () => {
      tickets.delete(ticket)
      this.#waiting -= 1
      if (tickets.size === 0) this.#lines.delete(line)
      // Whoever leaves hands on the turn it was woken for: there may be room for two, or a refusal for all.
      this.wake(line)
    })
    this.#lines.set(line, tickets.add(ticket))
    this.#waiting += 1
    return ticket
  }

  /** Tells the one who has waited longest that it is worth trying. */
  wake (line: string): void {
    this.#lines.get(line)?.values().next().value?.wake()
  }
}

/** A place in a line, kept until `leave`, which is called once; so who tries in vain is still first. */
export class Ticket {
  /** Who was woken while trying tries again; and who has just joined, as the turn may have come between the try and the joining. */
  #due = true
  #go: (() => void) | undefined

  constructor (readonly line: string, readonly leave: () => void) {}

  wake (): void {
    this.#due = true
    this.#go?.()
  }

  /** Resolves when it is worth trying: when woken, after a moment, or when the signal is aborted. */
  async turn (signal: AbortSignal): Promise<void> {
    if (!this.#due) await this.#sleep(signal)
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
