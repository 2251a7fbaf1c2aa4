import { startDeadline } from '../../lib/deadline.js'
import { problem } from '../../problems.js'

/** Should end when its signal is aborted. Its result is then ignored. */
type Work<T> = (signal: AbortSignal) => Promise<T>

export interface CircuitOptions {
  /** Rejects while the store is unavailable. While the circuit is open, a timer runs it, so that no caller's login is used as a test. */
  probe: Work<unknown>
  /** Called each time the circuit opens, with the cause, and each time it closes. */
  onChange?: (open: boolean, cause?: unknown) => void
}

/** This number of failures, without a success in between, opens the circuit. */
const MAX_FAILURES = 5
/** For one attempt, including the wait for a connection. */
export const ATTEMPT_TIMEOUT_MS = 800
/** Between two probes. Together with the time of an attempt, an available store is used again within 2 s. */
const PROBE_INTERVAL_MS = 1000
const RETRY_AFTER_SECONDS = 5

/**
 * A circuit breaker for a store that may be unavailable. An attempt that fails or takes longer than 0.8 s becomes `store-unavailable`. Five
 * failures in a row open the circuit: running attempts end, and further ones fail immediately, so that a server in trouble gets no more
 * connections. While the circuit is open, the store is probed every second.
 *
 * A client that hangs up neither counts as a failure nor ends an attempt. All times are measured by timers, so setting the machine's clock
 * has no effect.
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

  /** While this is true, `run` fails immediately. */
  get open () {
    return this.#probing !== undefined
  }

  /** @throws Problem `store-unavailable`, with the last error as its cause */
  async run<T> (work: Work<T>): Promise<T> {
    if (this.open) throw this.#unavailable()
    try {
      const result = await this.#attempt(work)
      this.#failures = 0
      return result
    } catch (error) {
      this.#cause = error
      if (++this.#failures >= MAX_FAILURES) this.#open()
      throw this.#unavailable()
    }
  }

  /** Like `run`, but a single failure opens the circuit. For the start, when the store has not answered yet. */
  runFirst<T> (work: Work<T>): Promise<T> {
    this.#failures = MAX_FAILURES - 1
    return this.run(work)
  }

  /** Ends the probes. */
  close () {
    clearInterval(this.#probing)
  }

  #open () {
    if (this.open) return
    for (const ending of this.#underWay) ending.abort(this.#cause)
    // Probes never overlap: an attempt ends before the next probe starts.
    this.#probing = setInterval(() => {
      this.#attempt(this.#probe).then(() => this.#restore(), () => {})
    }, PROBE_INTERVAL_MS).unref()
    this.#onChange(true, this.#cause)
  }

  #restore () {
    clearInterval(this.#probing)
    this.#probing = undefined
    this.#failures = 0
    this.#onChange(false)
  }

  #unavailable () {
    return problem('store-unavailable', { retryAfter: RETRY_AFTER_SECONDS, cause: this.#cause })
  }

  async #attempt<T> (work: Work<T>): Promise<T> {
    const ending = new AbortController()
    const settled = startDeadline(ATTEMPT_TIMEOUT_MS, () => ending.abort(new Error(`no answer within ${ATTEMPT_TIMEOUT_MS} ms`)))
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
