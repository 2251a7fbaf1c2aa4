import { CountResult, type Count, type CounterSource, type Counters, type Reservation } from '../counters.js'
import { fixedKey } from '../keys.js'
import { CounterTable, type Counter } from './counter-table.js'
import { MemoryKnownAddresses } from './known-addresses.js'

/** What another counter of the same key says, such as the one in Redis. */
export interface RemoteCount {
  /** Committed hits that still count. */
  committed: number
  /** Committed hits of this window that were cleared. */
  cleared: number
  resetMs: number
  /** Changes with every window. */
  windowId: string
}

export interface MemoryOptions {
  /** Each key costs about 0.2 KB. */
  maxKeys?: number | undefined
  /** A monotonic clock, in milliseconds. */
  now?: () => number
}

/** Counters in this process's memory. */
export class MemoryCounters implements Counters {
  readonly #table: CounterTable
  readonly #now: () => number

  constructor (readonly windowMs: number, { maxKeys = 16_384, now = () => performance.now() }: MemoryOptions = {}) {
    this.#table = new CounterTable(windowMs, maxKeys)
    this.#now = now
  }

  consume (key: string, max: number): Count {
    return this.#count(key, max, 0)
  }

  reserve (key: string, max: number): Reservation {
    return this.#count(key, max, 1)
  }

  read (key: string, max: number): Count {
    const now = this.#now()
    const counter = this.#table.find(fixedKey(key), now)
    return counter === undefined
      ? new CountResult(0, 0, max, 0, this.isFull(key, max))
      : resultOf(counter, max, now, counter.used >= max)
  }

  isFull (key: string, max: number): boolean {
    const now = this.#now()
    const fixed = fixedKey(key)
    const counter = this.#table.find(fixed, now)
    if (counter !== undefined) return counter.used >= max
    return max < 1 || !this.#table.hasSpaceFor(fixed, now)
  }

  clear (key: string, max: number): void {
    const counter = this.#table.find(fixedKey(key), this.#now())
    if (counter === undefined) return
    const cleared = Math.max(0, Math.min(counter.used - counter.held, max - counter.cleared))
    counter.used -= cleared
    counter.cleared += cleared
    this.#table.updateList(counter)
  }

  /**
   * Takes over a remote count, unless it knows of fewer committed hits than this counter: within a window their number only grows. A limit
   * that is reached here stays reached.
   * @returns `merged`; `outdated` where the remote count is older than what was merged before; `lost` where the remote side lost hits
   */
  mergeRemote (key: string, max: number, { committed, cleared, resetMs, windowId }: RemoteCount): 'merged' | 'outdated' | 'lost' {
    const now = this.#now()
    const fixed = fixedKey(key)
    const counter = this.#table.find(fixed, now) ?? this.#table.startWindow(fixed, now)
    // Without a counter, this node knows of no other hits.
    if (counter === undefined) return 'merged'
    const known = counter.used - counter.held
    const more = committed + cleared - known - counter.cleared
    const isSameWindow = counter.remoteWindowId === windowId
    // The hits of another window are others, so an equal number of them means that some were lost.
    const isLess = isSameWindow ? more < 0 : more <= 0 && known + counter.cleared > 0
    if (known >= max || isLess) return isSameWindow ? 'outdated' : 'lost'
    Object.assign(counter, { max, used: committed + counter.held, cleared, endsAt: now + resetMs, remoteWindowId: windowId })
    this.#table.updateList(counter)
    return 'merged'
  }

  #count (key: string, max: number, held: 0 | 1): CountResult {
    const now = this.#now()
    const fixed = fixedKey(key)
    const counter = this.#table.find(fixed, now) ?? this.#table.startWindow(fixed, now)
    if (counter === undefined) return new CountResult(max, 0, max, this.#table.firstLockEndsAt - now, true)
    counter.max = max
    if (counter.used >= max) return resultOf(counter, max, now, true)
    counter.used += 1
    counter.held += held
    // The remote counter may not know of this hit.
    if (held === 0) counter.remoteWindowId = undefined
    this.#table.updateList(counter)
    return resultOf(counter, max, now, false, held === 0 ? undefined : released => this.#settle(counter, released))
  }

  /** Ignores a counter that was dropped: its key may have a new one. */
  #settle (counter: Counter, released: 0 | 1): void {
    if (counter.list === undefined) return
    counter.used -= released
    counter.held -= 1
    this.#table.updateList(counter)
  }
}

function resultOf ({ used, held, endsAt }: Counter, max: number, now: number, exceeded: boolean, settle?: (released: 0 | 1) => void) {
  return new CountResult(used, held, max, endsAt - now, exceeded, settle)
}

/** Counters in this process's memory, shared with no other node. */
export const memory: CounterSource = {
  up: true,
  counters: (_name, windowMs, maxKeys) => new MemoryCounters(windowMs, { maxKeys }),
  knownAddresses: () => new MemoryKnownAddresses(),
  close () {}
}
