import { startDeadline } from '../../lib/deadline.js'
import { problem } from '../../problems.js'

/** Ends when its signal is aborted; beyond that nobody waits for it. */
type Work<T> = (signal: AbortSignal) => Promise<T>

export interface CircuitOptions {
  /** Rejects while the store is away. Asked by a timer while the circuit is open, so that no caller is the experiment. */
  probe: Work<unknown>
  /** Told of each opening, with its cause, and of each closing. */
  onChange?: (open: boolean, cause?: unknown) => void
}

/** So many failures with no success between them open the circuit. */
const failuresAllowed = 5
/** Milliseconds for one attempt, waiting for a connection included. */
export const attemptTime = 800
/** Milliseconds between two probes: with one attempt's time added, a store that is back is used again within 2 s. */
const probeEvery = 1000
/** Seconds. */
const retryAfter = 5

/**
 * A circuit breaker for a store that may be unavailable. An attempt that fails, or takes longer than 0.8 s, is `store-unavailable`. Five in
 * a row open the circuit: running attempts end, and further ones fail immediately, without another connection to a server in trouble. While
 * it is open, the store is probed every second.
 *
 * A client that hangs up is no failure and does not end an attempt. Timers measure all times, so a step of the clock changes nothing.
 */
export class Circuit {
  readonly #probe: Work<unknown>
  readonly #onChange: NonNullable<CircuitOptions['onChange']>
  readonly #underWay = new Set<AbortController>()
  #probing: NodeJS.Timeout | undefined
  #failures = 0
  #cause: unknown

  constructor ({ probe, onChange = () => {} }: CircuitOptions) {
    this.#probe = probe
    this.#onChange = onChange
  }

  /** While this is true every caller is refused. */
  get open () {
    return this.#probing !== undefined
  }

  /** @throws Problem `store-unavailable`, with what went wrong as its cause */
  async run<T> (work: Work<T>): Promise<T> {
    if (this.open) throw this.#unavailable()
    try {
      const result = await this.#attempt(work)
      this.#failures = 0
      return result
    } catch (error) {
      this.#cause = error
      if (++this.#failures >= failuresAllowed) this.#open()
      throw this.#unavailable()
    }
  }

  /** The same where one failure is enough to open the circuit: at a start, when nothing good is known of the store. */
  runFirst<T> (work: Work<T>): Promise<T> {
    this.#failures = failuresAllowed - 1
    return this.run(work)
  }

  /** Ends the probes. */
  close () {
    clearInterval(this.#probing)
  }

  #open () {
    if (this.open) return
    for (const ending of this.#underWay) ending.abort(this.#cause)
    // Two probes never meet: an attempt ends before the timer's next turn.
    this.#probing = setInterval(() => {
      this.#attempt(this.#probe).then(() => this.#restore(), () => {})
    }, probeEvery).unref()
    this.#onChange(true, this.#cause)
  }

  #restore () {
    clearInterval(this.#probing)
    this.#probing = undefined
    this.#failures = 0
    this.#onChange(false)
  }

  #unavailable () {
    return problem('store-unavailable', { retryAfter, cause: this.#cause })
  }

  async #attempt<T> (work: Work<T>): Promise<T> {
    const ending = new AbortController()
    const settled = startDeadline(attemptTime, () => ending.abort(new Error(`no answer within ${attemptTime} ms`)))
    const ended = new Promise<never>((_resolve, reject) => {
      ending.signal.addEventListener('abort', () => reject(ending.signal.reason))
    })
    this.#underWay.add(ending)
    try {
      return await Promise.race([work(ending.signal), ended])
    } finally {
      this.#underWay.delete(ending)
      settled()
    }
  }
}
