import { LRUCache } from 'lru-cache'
import { cacheMs } from './remote.js'

/** Callers. Beyond, those that were not asked about for longest are asked about anew. */
const MAX_CALLERS = 50_000

/** What a store answered of callers, each good for a minute from when it was asked, so that a caller's many renewals are one question. */
export class MinuteAnswers<T> {
  readonly #answers: LRUCache<string, Promise<T>>

  /** @param now a clock that never steps, in milliseconds */
  constructor (now = () => performance.now()) {
    this.#answers = new LRUCache({ max: MAX_CALLERS, ttl: cacheMs, ttlResolution: 0, perf: { now } })
  }

  /** The last answer, or what `ask` settles with. A question that fails is asked anew the next time. */
  get (caller: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(caller)
    if (known !== undefined) return known
    const answer = ask()
    this.#answers.set(caller, answer)
    answer.catch(() => { if (this.#answers.peek(caller) === answer) this.#answers.delete(caller) })
    return answer
  }

  /** Notes an answer that came with another question. */
  set (caller: string, answer: T): void {
    this.#answers.set(caller, Promise.resolve(answer))
  }
}
