import { addressKeys } from './address-buckets.js'
import { MemoryCounters } from './memory/counters.js'

const minute = 60_000

/** Lines a minute that one address gets in audit or log for requests that nobody signed in for. */
const MAX_LINES = 1000

/** Keeps strangers from filling a disk with lines about them. */
export class LineLimit {
  readonly #counters = new MemoryCounters(minute)
  #skipped = 0

  /** Lines that were not written. */
  get skipped (): number {
    return this.#skipped
  }

  /** Counts a line about this address. @returns whether it may be written */
  take (ip: string): boolean {
    const taken = addressKeys(ip).every(({ key, times }) => !this.#counters.consume(key, MAX_LINES * times).exceeded)
    if (!taken) this.#skipped++
    return taken
  }
}

/** Texts that are told apart. Where there are more in a minute, the others get no line. */
const MAX_TEXTS = 32

/** The same for origins, which any page can have any number of. */
const MAX_ORIGINS = 20

/** Keeps what strangers can bring about at will from being logged each time. */
export class OncePerMinute {
  /** Those that were written last are last. */
  readonly #written = new Map<string, { at: number, skipped: number }>()
  readonly #now: () => number
  readonly #maxTexts: number
  #skipped = 0

  /** @param now a clock that never steps, in milliseconds */
  constructor (now = () => performance.now(), maxTexts = MAX_TEXTS) {
    this.#now = now
    this.#maxTexts = maxTexts
  }

  /** All lines that were skipped. */
  get skipped (): number {
    return this.#skipped
  }

  /** @returns undefined where this line is to be skipped, else how many of the same were skipped before it */
  take (text: string): number | undefined {
    const before = this.#take(text)
    if (before === undefined) this.#skipped++
    return before
  }

  #take (text: string): number | undefined {
    const now = this.#now()
    const last = this.#written.get(text)
    if (last !== undefined && now - last.at < minute) {
      last.skipped++
      return undefined
    }
    this.#written.delete(text)
    for (const [oldest, { at }] of this.#written) {
      if (this.#written.size < this.#maxTexts) break
      if (now - at < minute) return undefined
      this.#written.delete(oldest)
    }
    this.#written.set(text, { at: now, skipped: 0 })
    return last?.skipped ?? 0
  }
}

/** What bounds the number of lines that strangers cause. */
export interface Lines {
  readonly audit: LineLimit
  readonly log: LineLimit
  readonly rare: OncePerMinute
  /** About origins that are refused. */
  readonly origins: OncePerMinute
}

export function createLines (): Lines {
  return { audit: new LineLimit(), log: new LineLimit(), rare: new OncePerMinute(), origins: new OncePerMinute(undefined, MAX_ORIGINS) }
}
