import { ownCopy } from '../keys.js'
import { LinkedList, type ListEntry } from './linked-list.js'

export interface Counter extends ListEntry<Counter> {
  readonly key: string
  /** Milliseconds of the monotonic clock. */
  endsAt: number
  max: number
  used: number
  held: number
  /** Committed hits of this window that were cleared. */
  cleared: number
  /** The remote window that was last merged into this counter; undefined where this counter knows of hits that the remote one does not. */
  remoteWindowId: string | undefined
}

/**
 * A bounded number of counters, by key.
 *
 * Attackers can invent any number of keys, so a full table drops counters: first the oldest whose hits were all released (they cost an
 * attacker nothing), then the oldest below its limit, and never one that reached its limit. Once such locked counters fill three quarters
 * of the table, a new key is refused until the first of them ends: better to refuse too much than to forget a lock. By default that takes
 * 12 288 keys at their limit in one window; for addresses with 120 requests a minute, 24 576 requests a second.
 */
export class CounterTable {
  readonly #counters = new Map<string, Counter>()
  /** Counters without a hit. */
  readonly #idle = new LinkedList<Counter>()
  /** Counters below their limit. */
  readonly #open = new LinkedList<Counter>()
  /** Counters at their limit. */
  readonly #locked = new LinkedList<Counter>()
  readonly #windowMs: number
  readonly #maxKeys: number
  #firstLockEndsAt = 0

  constructor (windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs
    this.#maxKeys = maxKeys
  }

  /** When a key that did not fit may fit again. */
  get firstLockEndsAt (): number {
    return this.#firstLockEndsAt
  }

  /** Returns the counter of a key, unless its window has ended. */
  find (key: string, now: number): Counter | undefined {
    const counter = this.#counters.get(key)
    return counter !== undefined && counter.used + counter.cleared > 0 && now < counter.endsAt ? counter : undefined
  }

  /** Starts a new window for a key. Returns undefined where the table is full of locked counters. */
  startWindow (key: string, now: number): Counter | undefined {
    const old = this.#counters.get(key)
    if (old !== undefined) old.list?.remove(old)
    else if (!this.#makeSpace(now)) return
    const counter: Counter = {
      key: old?.key ?? ownCopy(key),
      endsAt: now + this.#windowMs,
      max: 0,
      used: 0,
      held: 0,
      cleared: 0,
      remoteWindowId: undefined,
      list: undefined,
      previous: undefined,
      next: undefined
    }
    this.#counters.set(counter.key, counter)
    this.#idle.add(counter)
    return counter
  }

  /** Moves a counter into the list that fits its hits. Call it after every change. */
  updateList (counter: Counter): void {
    const { used, cleared, max } = counter
    const list = used + cleared === 0 ? this.#idle : used < max ? this.#open : this.#locked
    if (counter.list !== list) list.add(counter)
  }

  /** Whether a key has a counter or could get one. Drops only counters that have ended. */
  hasSpaceFor (key: string, now: number): boolean {
    return this.#counters.has(key) || this.#hasSpace(now)
  }

  #hasSpace (now: number): boolean {
    const maxLocked = this.#maxKeys * 3 / 4
    if (this.#locked.size >= maxLocked) this.#dropEndedLocks(now)
    return this.#counters.size < this.#maxKeys || (this.#locked.size < maxLocked && this.#oldest !== undefined)
  }

  /** The counter to drop first. */
  get #oldest (): Counter | undefined {
    return this.#idle.first ?? this.#open.first
  }

  #makeSpace (now: number): boolean {
    if (!this.#hasSpace(now)) return false
    if (this.#counters.size >= this.#maxKeys) this.#drop(this.#oldest!)
    return true
  }

  #dropEndedLocks (now: number): void {
    if (now < this.#firstLockEndsAt) return
    this.#firstLockEndsAt = now + this.#windowMs
    for (const counter of this.#locked) {
      if (counter.endsAt <= now) this.#drop(counter)
      else this.#firstLockEndsAt = Math.min(this.#firstLockEndsAt, counter.endsAt)
    }
  }

  #drop (counter: Counter): void {
    this.#counters.delete(counter.key)
    counter.list?.remove(counter)
  }
}
