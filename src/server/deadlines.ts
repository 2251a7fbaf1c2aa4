/** Finds out what lasts too long, by asking about the same objects again and again. Its clock never steps. */
export class Deadlines {
  readonly #limit: number
  readonly #firstAsked = new WeakMap<object, number>()

  /** @param limit milliseconds */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Whether the limit has passed since the first question about this object. */
  passed (object: object): boolean {
    const now = performance.now()
    const first = this.#firstAsked.get(object)
    if (first === undefined) this.#firstAsked.set(object, now)
    return first !== undefined && now - first >= this.#limit
  }
}
