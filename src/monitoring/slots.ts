import type { Slot } from './operator-data.js'

/** Sums of what happened, in slots of equal length. Keeps the last `count` of them, so its size is bounded. */
export class Slots {
  readonly #slots: Array<{ at: number, slot: Slot }> = []
  readonly #length: number
  readonly #count: number
  readonly #now: () => number

  /**
   * @param length of a slot, in milliseconds
   * @param now a monotonic clock, in milliseconds
   */
  constructor (length: number, count: number, now: () => number) {
    this.#length = length
    this.#count = count
    this.#now = now
  }

  /** The current slot. */
  get current (): Slot {
    const at = this.#at()
    const place = at % this.#count
    if (this.#slots[place]?.at !== at) {
      this.#slots[place] = { at, slot: { tokens: {}, refusals: {}, codes: {}, logins: { count: 0, meanMs: 0, slowestMs: 0 } } }
    }
    return this.#slots[place]!.slot
  }

  /** Seconds of the current slot that have passed. */
  get elapsed (): number {
    return (this.#now() % this.#length) / 1000
  }

  /** The slots in which something happened; `ago` is 0 for the current one. */
  list (): Array<Slot & { ago: number }> {
    const current = this.#at()
    return this.#slots.filter(({ at }) => at > current - this.#count).map(({ at, slot }) => ({ ago: current - at, ...slot }))
  }

  #at (): number {
    return Math.floor(this.#now() / this.#length)
  }
}
