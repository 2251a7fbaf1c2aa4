/** An entry of at most one list, which carries its own links. */
export interface ListEntry<T extends ListEntry<T>> {
  list: LinkedList<T> | undefined
  previous: T | undefined
  next: T | undefined
}

/**
 * A doubly linked list that removes any entry in constant time.
 * Neither a Map nor lru-cache (which has a Map inside) does: where one key is deleted and set again and again in a large Map, V8 needs
 * 0.1 ms each time.
 */
export class LinkedList<T extends ListEntry<T>> {
  #first: T | undefined
  #last: T | undefined
  #size = 0

  get size (): number {
    return this.#size
  }

  get first (): T | undefined {
    return this.#first
  }

  /** Visits the entries in order. The current one may be removed. */
  * [Symbol.iterator] (): Generator<T> {
    for (let entry = this.#first, next; entry !== undefined; entry = next) {
      next = entry.next
      yield entry
    }
  }

  /** Appends an entry, and removes it from its present list. */
  add (entry: T): void {
    entry.list?.remove(entry)
    entry.list = this
    entry.previous = this.#last
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    this.#size += 1
  }

  remove (entry: T): void {
    const { previous, next } = entry
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    entry.list = entry.previous = entry.next = undefined
    this.#size -= 1
  }
}
