import { LRUCache } from 'lru-cache'
import { growingTo } from '../../lib/lru.js'
import { cacheMs } from './remote.js'

/** Callers. Beyond this number, the least recently used are dropped, and asked for again when needed. */
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

/** Caches a store's answers about callers, each for a minute from its request, so that many renewals of a caller are one request. */
export class MinuteAnswers<T> {
  readonly #entries: LRUCache<string, Entry<T>>
  readonly #now: () => number

  /** @param now a monotonic clock, in milliseconds */
  constructor (now = () => performance.now()) {
    this.#now = now
    this.#entries = new LRUCache({ ...growingTo(MAX_CALLERS), ttl: cacheMs, ttlResolution: 0, perf: { now } })
  }

  /** Call it before a request whose answer is stored by `note`. */
  asking (): Asked {
    return { at: this.#now(), second: Math.floor(Date.now() / 1000) }
  }

  /**
   * Returns the cached answer, or the result of `ask`. A failed request is repeated the next time.
   * @param after seconds since 1970: the request must be later
   */
  get (caller: string, ask: () => Promise<T>, after = -Infinity): Promise<T> {
    const known = this.#entries.get(caller)
    if (known !== undefined && known.asked.second > after) return known.answer
    const entry: Entry<T> = { asked: this.asking(), answer: ask() }
    this.#set(caller, entry)
    entry.answer.then(value => { entry.value = value }, () => { if (this.#entries.peek(caller) === entry) this.#entries.delete(caller) })
    return entry.answer
  }

  /** Stores an answer that came with another request. */
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
