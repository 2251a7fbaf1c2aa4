/** What a ring can hold: an entry of one ring at a time, that carries its own links. */
export interface Linked<T extends Linked<T>> {
  ring: Ring<T> | undefined
  before: T | undefined
  after: T | undefined
}

/**
 * A list in order of arrival from which any entry can be taken out at once.
 * A Map would do but for this: V8 leaves what is deleted in its hash chain until the next rehash,
 * so that to add and delete one key again and again in a large Map costs 0.1 ms each.
 */
export class Ring<T extends Linked<T>> {
  #first: T | undefined
  #last: T | undefined
  #size = 0

  get size (): number {
    return this.#size
  }

  /** The one that came first. */
  get first (): T | undefined {
    return this.#first
  }

  /** From the first to the last; the one at hand may be removed. */
  * [Symbol.iterator] (): Generator<T> {
    for (let entry = this.#first, after; entry !== undefined; entry = after) {
      after = entry.after
      yield entry
    }
  }

  /** Moves an entry here, from whichever ring it is in, to the end. */
  add (entry: T): void {
    entry.ring?.remove(entry)
    entry.ring = this
    entry.before = this.#last
    if (this.#last === undefined) this.#first = entry
    else this.#last.after = entry
    this.#last = entry
    this.#size += 1
  }

  remove (entry: T): void {
    const { before, after } = entry
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    entry.ring = entry.before = entry.after = undefined
    this.#size -= 1
  }
}
