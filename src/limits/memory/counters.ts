import type { Count, CounterSource, Counters, Hold } from '../counters.js'
import { CountResult } from '../hit.js'
import { fixedKey } from '../keys.js'
import { CounterTable, type Counter } from './counter-table.js'
import { MemoryKnownAddresses } from './known-addresses.js'

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

/** Counters in this process's memory. */
export class MemoryCounters implements Counters {
  readonly #table: CounterTable
  readonly #now: () => number

  constructor (readonly window: number, { size = 16_384, now = () => performance.now() }: MemoryOptions = {}) {
    this.#table = new CounterTable(window, size)
    this.#now = now
  }

  consume (key: string, max: number): Count {
    return this.#count(key, max, 0)
  }

  reserve (key: string, max: number): Hold {
    return this.#count(key, max, 1)
  }

  read (key: string, max: number): Count {
    const now = this.#now()
    const counter = this.#table.find(fixedKey(key), now)
    return counter === undefined ? new CountResult(0, 0, max, 0, this.isFull(key, max)) : hit(counter, max, now, counter.used >= max)
  }

  isFull (key: string, max: number): boolean {
    const now = this.#now()
    const kept = fixedKey(key)
    const counter = this.#table.find(kept, now)
    if (counter !== undefined) return counter.used >= max
    return max < 1 || !this.#table.takes(kept, now)
  }

  clear (key: string, most: number): void {
    const counter = this.#table.find(fixedKey(key), this.#now())
    if (counter === undefined) return
    const cleared = Math.max(0, Math.min(counter.used - counter.held, most - counter.gone))
    counter.used -= cleared
    counter.gone += cleared
    this.#table.file(counter)
  }

  /**
   * Takes over what another account of the same key says, unless it knows of fewer hits: within a window they only add up, so then it has lost some.
   * Nor is a limit that is reached here taken back.
   * @returns whether it was taken over; if not, whether that is because it was said before what is known here, or because hits were `lost`
   */
  mergeRemote (key: string, max: number, { kept, gone, resetMs, id }: Account): 'taken' | 'older' | 'lost' {
    const now = this.#now()
    const own = fixedKey(key)
    const counter = this.#table.find(own, now) ?? this.#table.begin(own, now)
    // Without room for one there is nothing to know better.
    if (counter === undefined) return 'taken'
    const known = counter.used - counter.held
    const more = kept + gone - known - counter.gone
    const isSame = counter.agreed === id
    // The hits of another window are others, so as many as are known here would be too few.
    if (known >= max || (isSame ? more < 0 : more <= 0 && known + counter.gone > 0)) return isSame ? 'older' : 'lost'
    Object.assign(counter, { max, used: kept + counter.held, gone, ends: now + resetMs, agreed: id })
    this.#table.file(counter)
    return 'taken'
  }

  #count (key: string, max: number, held: 0 | 1): CountResult {
    const now = this.#now()
    const kept = fixedKey(key)
    const counter = this.#table.find(kept, now) ?? this.#table.begin(kept, now)
    if (counter === undefined) return new CountResult(max, 0, max, this.#table.firstLockEnds - now, true)
    counter.max = max
    if (counter.used >= max) return hit(counter, max, now, true)
    counter.used += 1
    counter.held += held
    // Another account may not know of it.
    if (held === 0) counter.agreed = undefined
    this.#table.file(counter)
    // What is taken has no outcome to wait for.
    return hit(counter, max, now, false, held === 0 ? undefined : givenBack => this.#settle(counter, givenBack))
  }

  /** Does nothing where the counter is forgotten, as then its key may have another. */
  #settle (counter: Counter, givenBack: 0 | 1): void {
    if (counter.ring === undefined) return
    counter.used -= givenBack
    counter.held -= 1
    this.#table.file(counter)
  }
}

function hit ({ used, held, ends }: Counter, max: number, now: number, exceeded: boolean, settle?: (givenBack: 0 | 1) => void): CountResult {
  return new CountResult(used, held, max, ends - now, exceeded, settle)
}

/** Every counter in this process. */
export const memory: CounterSource = {
  up: true,
  counters: (_name, window, size) => new MemoryCounters(window, { size }),
  knownAddresses: () => new MemoryKnownAddresses(),
  close () {}
}
