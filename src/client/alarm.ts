import { spread } from './backoff.js'

/** Milliseconds. A timer stands still while the machine sleeps, so that no longer one is set; this is how late a wake without an event is seen. */
const longestTimer = 30_000

/** Milliseconds that a timer may be late without the page having slept. */
const late = 2_000

/** Rings once at a moment, on the clock of `now`. After a sleep it rings a little later, as every tab's does. */
export class Alarm {
  readonly #now: () => number
  readonly #ring: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #at = Infinity
  /** Whether the moment was already chosen by chance; only once, as the timers of a hidden tab are always late. */
  #spread = false

  constructor (now: () => number, ring: () => void) {
    this.#now = now
    this.#ring = ring
  }

  /** When it rings: `Infinity` for never. */
  get at (): number {
    return this.#at
  }

  set (at: number): void {
    this.#at = at
    this.#spread = false
    this.#arm()
  }

  clear (): void {
    this.set(Infinity)
  }

  /** Brings it forward after a sleep, but not before `earliest`. Called again, it changes nothing. */
  soon (earliest: number): void {
    if (this.#spread) return
    this.#at = Math.max(earliest, this.#now() + spread())
    this.#spread = true
    this.#arm()
  }

  #arm (): void {
    clearTimeout(this.#timer)
    if (this.#at === Infinity) return
    const left = this.#at - this.#now()
    this.#timer = setTimeout(() => this.#look(), Math.min(left, longestTimer))
  }

  #look (): void {
    const left = this.#at - this.#now()
    if (left > 0) return this.#arm()
    if (left < -late && !this.#spread) return this.soon(0)
    this.clear()
    this.#ring()
  }
}
