/** Of those that wait, one in so many goes on in each turn. */
const SHARE = 8
/** So that no turn takes long, however many wait. */
const MAX_PER_TURN = 64

/**
 * Spreads costly synchronous work over the turns of the event loop, so that whatever arrives in between is handled in between. The more
 * callers wait, the more of them go on in a turn: each goes on soon, even if other work makes the turns long.
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
