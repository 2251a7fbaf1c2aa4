/** In each turn, one in this number of waiting callers continues. */
const SHARE = 8
/** Keeps each turn short, however many callers wait. */
const MAX_PER_TURN = 64

/**
 * Spreads costly synchronous work over the turns of the event loop, so that other requests are handled in between. The more callers wait,
 * the more of them continue in each turn, so that waits stay short even if other work makes the turns long.
 */
export class TurnQueue {
  readonly #waiting: Array<() => void> = []

  /** Resolves in one of the next turns, in the order of the calls. */
  next (): Promise<void> {
    return new Promise(resolve => {
      if (this.#waiting.push(resolve) === 1) this.#schedule()
    })
  }

  #schedule (): void {
    setImmediate(() => {
      for (const goOn of this.#waiting.splice(0, Math.min(MAX_PER_TURN, Math.ceil(this.#waiting.length / SHARE)))) goOn()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }
}
