/** Measures how long objects have been checked again and again, by a monotonic clock. */
export class Deadlines {
  readonly #limitMs: number
  readonly #firstChecked = new WeakMap<object, number>()

  constructor (limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Whether the limit has passed since the first call for this object. */
  passed (object: object): boolean {
    const now = performance.now()
    const first = this.#firstChecked.get(object)
    if (first === undefined) this.#firstChecked.set(object, now)
    return first !== undefined && now - first >= this.#limitMs
  }
}
