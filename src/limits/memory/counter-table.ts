import { ownCopy } from '../keys.js'
import { Ring, type Linked } from './linked-list.js'

export interface Counter extends Linked<Counter> {
  readonly key: string
  /** By the monotonic clock, in milliseconds. */
  ends: number
  max: number
  used: number
  held: number
  /** Hits that counted for good in this window and were cleared. */
  gone: number
  /** The window of another account that this one last agreed with; see `MemoryCounters.learn`. */
  agreed: string | undefined
}

/**
 * A bounded number of counters, by key.
 *
 * An attacker can make up keys without end, so the oldest counters are forgotten when there are too many: first those whose hits were
 * all given back, as these cost nothing to make, and never one that has reached its limit. When those fill three quarters of all room,
 * a key that has no counter is refused until the first of them ends: that is closed rather than forgetful. By default it takes
 * 12 288 keys brought to their limit in one window, for addresses 24 576 requests a second at 120 a minute each.
 */
export class CounterTable {
  readonly #counters = new Map<string, Counter>()
  readonly #idle = new Ring<Counter>()
  readonly #open = new Ring<Counter>()
  readonly #locked = new Ring<Counter>()
  readonly #window: number
  readonly #size: number
  #firstLockEnds = 0

  /** @param window milliseconds */
  constructor (window: number, size: number) {
    this.#window = window
    this.#size = size
  }

  /** When a key that is refused for want of room may come again. */
  get firstLockEnds (): number {
    return this.#firstLockEnds
  }

  /** The counter of a window that has not ended. */
  find (key: string, now: number): Counter | undefined {
    const counter = this.#counters.get(key)
    return counter !== undefined && counter.used + counter.gone > 0 && now < counter.ends ? counter : undefined
  }

  /** A counter for a new window; undefined where there is no room. */
  begin (key: string, now: number): Counter | undefined {
    const old = this.#counters.get(key)
    if (old !== undefined) old.ring?.remove(old)
    else if (!this.#makeRoom(now)) return
    const counter = {
      key: old?.key ?? ownCopy(key), ends: now + this.#window, max: 0, used: 0, held: 0, gone: 0, agreed: undefined, ring: undefined, before: undefined, after: undefined
    }
    this.#counters.set(counter.key, counter)
    this.#idle.add(counter)
    return counter
  }

  /** Puts a counter where it now belongs in the order of forgetting. */
  file (counter: Counter): void {
    const { used, gone, max } = counter
    const ring = used + gone === 0 ? this.#idle : used < max ? this.#open : this.#locked
    if (counter.ring !== ring) ring.add(counter)
  }

  /** Whether a key that has no counter of this window can be given one; forgets none but those that have ended. */
  takes (key: string, now: number): boolean {
    return this.#counters.has(key) || this.#hasRoom(now)
  }

  #hasRoom (now: number): boolean {
    const locksMax = this.#size * 3 / 4
    if (this.#locked.size >= locksMax) this.#forgetEndedLocks(now)
    return this.#counters.size < this.#size || (this.#locked.size < locksMax && this.#oldest !== undefined)
  }

  /** What is forgotten first: what was given back, then what has not reached its limit. */
  get #oldest (): Counter | undefined {
    return this.#idle.first ?? this.#open.first
  }

  #makeRoom (now: number): boolean {
    if (!this.#hasRoom(now)) return false
    if (this.#counters.size >= this.#size) this.#forget(this.#oldest!)
    return true
  }

  #forgetEndedLocks (now: number): void {
    if (now < this.#firstLockEnds) return
    this.#firstLockEnds = now + this.#window
    for (const counter of this.#locked) {
      if (counter.ends <= now) this.#forget(counter)
      else this.#firstLockEnds = Math.min(this.#firstLockEnds, counter.ends)
    }
  }

  #forget (counter: Counter): void {
    this.#counters.delete(counter.key)
    counter.ring?.remove(counter)
  }
}
