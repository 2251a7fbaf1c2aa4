import { LRUCache } from 'lru-cache'
import { cacheMs } from './remote.js'

/** Callers. Beyond, those that were not asked about for longest are asked about anew. */
const MAX_CALLERS = 50_000

/** When a store was asked. */
export interface Asked {
  /** By the monotonic clock, in milliseconds. */
  readonly at: number
  /** Seconds since 1970. */
  readonly second: number
}

interface Entry<T> {
  readonly asked: Asked
  readonly answer: Promise<T>
  /** Once it is there. */
  value?: T
}

/** What a store answered of callers, each good for a minute from when it was asked, so that a caller's many renewals are one question. */
export class MinuteAnswers<T> {
  readonly #entries: LRUCache<string, Entry<T>>
  readonly #now: () => number

  /** @param now a clock that never steps, in milliseconds */
  constructor (now = () => performance.now()) {
    this.#now = now
    this.#entries = new LRUCache({ max: MAX_CALLERS, ttl: cacheMs, ttlResolution: 0, perf: { now } })
  }

  /** To be taken before a question whose answer is noted. */
  asking (): Asked {
    return { at: this.#now(), second: Math.floor(Date.now() / 1000) }
  }

  /**
   * The last answer, or what `ask` settles with. A question that fails is asked anew the next time.
   * @param after seconds since 1970: an answer to a question from then or before is not enough
   */
  get (caller: string, ask: () => Promise<T>, after = -Infinity): Promise<T> {
    const known = this.#entries.get(caller)
    if (known !== undefined && known.asked.second > after) return known.answer
    const entry: Entry<T> = { asked: this.asking(), answer: ask() }
    this.#set(caller, entry)
    entry.answer.then(value => { entry.value = value }, () => { if (this.#entries.peek(caller) === entry) this.#entries.delete(caller) })
    return entry.answer
  }

  /** Notes an answer that came with another question. */
  note (caller: string, value: T, asked: Asked): void {
    this.#set(caller, { asked, answer: Promise.resolve(value), value })
  }

  /** The last answer, where it is there. */
  latest (caller: string): T | undefined {
    return this.#entries.get(caller)?.value
  }

  #set (caller: string, entry: Entry<T>): void {
    this.#entries.set(caller, entry, { start: entry.asked.at })
  }
}
