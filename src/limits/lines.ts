import { addressKeys } from './address-buckets.js'
import { MemoryCounters } from './memory/counters.js'

const MINUTE_MS = 60_000

/** Maximum lines a minute about one address, in audit or log, for requests without a valid login. */
const MAX_LINES = 1000

/** Limits the lines about one address, so that nobody can fill the disk. */
export class LineLimit {
  readonly #counters = new MemoryCounters(MINUTE_MS)
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

/** Different texts in a minute. Further ones get no line. */
const MAX_TEXTS = 32

/** The same for origins: a page can invent any number of them. */
const MAX_ORIGINS = 20

/** Limits lines that anybody can cause: each text is logged at most once a minute. */
export class OncePerMinute {
  /** In the order in which they were last written. */
  readonly #written = new Map<string, { at: number, skipped: number }>()
  readonly #now: () => number
  readonly #maxTexts: number
  #skipped = 0

  /** @param now a monotonic clock, in milliseconds */
  constructor (now = () => performance.now(), maxTexts = MAX_TEXTS) {
    this.#now = now
    this.#maxTexts = maxTexts
  }

  /** All lines that were skipped. */
  get skipped (): number {
    return this.#skipped
  }

  /** @returns undefined if this line must be skipped, else how many lines with this text were skipped before it */
  take (text: string): number | undefined {
    const before = this.#take(text)
    if (before === undefined) this.#skipped++
    return before
  }

  #take (text: string): number | undefined {
    const now = this.#now()
    const last = this.#written.get(text)
    if (last !== undefined && now - last.at < MINUTE_MS) {
      last.skipped++
      return undefined
    }
    this.#written.delete(text)
    for (const [oldest, { at }] of this.#written) {
      if (this.#written.size < this.#maxTexts) break
      if (now - at < MINUTE_MS) return undefined
      this.#written.delete(oldest)
    }
    this.#written.set(text, { at: now, skipped: 0 })
    return last?.skipped ?? 0
  }
}

/** All limits of lines. */
export interface Lines {
  readonly audit: LineLimit
  readonly log: LineLimit
  readonly rare: OncePerMinute
  /** For refused origins. */
  readonly origins: OncePerMinute
}

export function createLines (): Lines {
  return { audit: new LineLimit(), log: new LineLimit(), rare: new OncePerMinute(), origins: new OncePerMinute(undefined, MAX_ORIGINS) }
}
