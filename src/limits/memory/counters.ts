import type { Count, CounterSource, Counters, Hold } from '../counters.js'
import { Hit } from '../hit.js'
import { fixedKey, ownCopy } from '../keys.js'
import { MemoryLately } from './known-addresses.js'
import { Ring, type Linked } from './linked-list.js'

interface Counter extends Linked<Counter> {
  readonly key: string
  /** By the monotonic clock, in milliseconds. */
  ends: number
  max: number
  used: number
  held: number
  /** Hits that counted for good in this window and were cleared. */
  gone: number
  /** The window of the other account that this one last agreed with; see `learn`. */
  agreed: string | undefined
}

/** What another account of the same key says. */
export interface Account {
  /** Hits that count for good. */
  kept: number
  /** Hits that did, in this window. */
  gone: number
  resetMs: number
  /** Names the window: another one begins anew. */
  id: string
}

export interface MemoryOptions {
  /** Keys at most; each costs about 0.2 KB. */
  size?: number | undefined
  /** A clock that never steps, in milliseconds. */
  now?: () => number
}

/**
 * Counters in this process's memory.
 *
 * An attacker can make up keys without end, so the oldest counters are forgotten when there are too many: first those whose hits were
 * all given back, as these cost nothing to make, and never one that has reached its limit. When those fill three quarters of all room,
 * a key that has no counter is refused until the first of them ends: that is closed rather than forgetful. By default it takes
 * 12 288 keys brought to their limit in one window, for addresses 24 576 requests a second at 120 a minute each.
 */
export class MemoryCounters implements Counters {
  readonly #counters = new Map<string, Counter>()
  readonly #idle = new Ring<Counter>()
  readonly #open = new Ring<Counter>()
  readonly #locked = new Ring<Counter>()
  readonly #size: number
  readonly #now: () => number
  #firstLockEnds = 0

  constructor (readonly window: number, { size = 16_384, now = () => performance.now() }: MemoryOptions = {}) {
    this.#size = size
    this.#now = now
  }

  take (key: string, max: number): Count {
    return this.#count(key, max, 0)
  }

  hold (key: string, max: number): Hold {
    return this.#count(key, max, 1)
  }

  read (key: string, max: number): Count {
    const now = this.#now()
    const counter = this.#find(fixedKey(key), now)
    return counter === undefined ? new Hit(0, 0, max, 0, max < 1) : hit(counter, max, now, counter.used >= max)
  }

  isFull (key: string, max: number): boolean {
    const now = this.#now()
    const kept = fixedKey(key)
    const counter = this.#find(kept, now)
    if (counter !== undefined) return counter.used >= max
    return max < 1 || !(this.#counters.has(kept) || this.#hasRoom(now))
  }

  clear (key: string, most: number): void {
    const counter = this.#find(fixedKey(key), this.#now())
    if (counter === undefined) return
    const cleared = Math.max(0, Math.min(counter.used - counter.held, most - counter.gone))
    counter.used -= cleared
    counter.gone += cleared
    this.#file(counter)
  }

  /**
   * Takes over what another account of the same key says, unless it knows of fewer hits: within a window they only add up, so then it has lost some.
   * Nor is a limit that is reached here taken back.
   * @returns whether it was taken over; if not, whether that is because it was said before what is known here, or because hits were `lost`
   */
  learn (key: string, max: number, { kept, gone, resetMs, id }: Account): 'taken' | 'older' | 'lost' {
    const now = this.#now()
    const own = fixedKey(key)
    const counter = this.#find(own, now) ?? this.#begin(own, now)
    // Without room for one there is nothing to know better.
    if (counter === undefined) return 'taken'
    const known = counter.used - counter.held
    const more = kept + gone - known - counter.gone
    const isSame = counter.agreed === id
    // The hits of another window are others, so as many as are known here would be too few.
    if (known >= max || (isSame ? more < 0 : more <= 0 && known + counter.gone > 0)) return isSame ? 'older' : 'lost'
    Object.assign(counter, { max, used: kept + counter.held, gone, ends: now + resetMs, agreed: id })
    this.#file(counter)
    return 'taken'
  }

  #count (key: string, max: number, held: 0 | 1): Hit {
    const now = this.#now()
    const kept = fixedKey(key)
    const counter = this.#find(kept, now) ?? this.#begin(kept, now)
    if (counter === undefined) return new Hit(max, 0, max, this.#firstLockEnds - now, true)
    counter.max = max
    if (counter.used >= max) return hit(counter, max, now, true)
    counter.used += 1
    counter.held += held
    // Another account may not know of it.
    if (held === 0) counter.agreed = undefined
    this.#file(counter)
    // What is taken has no outcome to wait for.
    return hit(counter, max, now, false, held === 0 ? undefined : givenBack => this.#settle(counter, givenBack))
  }

  /** Does nothing where the counter is forgotten, as then its key may have another. */
  #settle (counter: Counter, givenBack: 0 | 1): void {
    if (counter.ring === undefined) return
    counter.used -= givenBack
    counter.held -= 1
    this.#file(counter)
  }

  #find (key: string, now: number): Counter | undefined {
    const counter = this.#counters.get(key)
    return counter !== undefined && counter.used + counter.gone > 0 && now < counter.ends ? counter : undefined
  }

  /** A counter for a new window; undefined where there is no room. */
  #begin (key: string, now: number): Counter | undefined {
    const old = this.#counters.get(key)
    if (old !== undefined) old.ring?.remove(old)
    else if (!this.#makeRoom(now)) return
    const counter = { key: old?.key ?? ownCopy(key), ends: now + this.window, max: 0, used: 0, held: 0, gone: 0, agreed: undefined, ring: undefined, before: undefined, after: undefined }
    this.#counters.set(counter.key, counter)
    this.#idle.add(counter)
    return counter
  }

  #file (counter: Counter): void {
    const { used, gone, max } = counter
    const ring = used + gone === 0 ? this.#idle : used < max ? this.#open : this.#locked
    if (counter.ring !== ring) ring.add(counter)
  }

  /** What is forgotten first: what was given back, then what has not reached its limit. */
  get #oldest (): Counter | undefined {
    return this.#idle.first ?? this.#open.first
  }

  /** Whether a key that has no counter can be given one; forgets none but those that have ended. */
  #hasRoom (now: number): boolean {
    const locksMax = this.#size * 3 / 4
    if (this.#locked.size >= locksMax) this.#forgetEndedLocks(now)
    return this.#counters.size < this.#size || (this.#locked.size < locksMax && this.#oldest !== undefined)
  }

  #makeRoom (now: number): boolean {
    if (!this.#hasRoom(now)) return false
    if (this.#counters.size >= this.#size) this.#forget(this.#oldest!)
    return true
  }

  #forgetEndedLocks (now: number): void {
    if (now < this.#firstLockEnds) return
    this.#firstLockEnds = now + this.window
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

function hit ({ used, held, ends }: Counter, max: number, now: number, exceeded: boolean, settle?: (givenBack: 0 | 1) => void): Hit {
  return new Hit(used, held, max, ends - now, exceeded, settle)
}

/** Every counter in this process. */
export const memory: CounterSource = {
  up: true,
  counters: (_name, window, size) => new MemoryCounters(window, { size }),
  lately: () => new MemoryLately(),
  close () {}
}
