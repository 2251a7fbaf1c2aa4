import { randomUUID } from 'node:crypto'
import type { RedisLink } from './connection.js'
import type { CountReply } from './scripts.js'

/** A hit to be counted. */
export interface Question {
  /** As Redis has it. */
  key: string
  max: number
  /** Milliseconds. */
  window: number
  hold: 0 | 1
}

/** Puts together what Redis is asked, and what it is told. */
export class CommandBatch {
  readonly #link: RedisLink
  #told: Array<[key: string, id: string, givenBack: number, settled: 0 | 1]> = []

  constructor (link: RedisLink) {
    this.#link = link
  }

  /** One answer for each question up to the first that is refused; undefined where there is none, as Redis is away. */
  ask (questions: Question[]): Promise<CountReply[] | undefined> {
    // In the order in which they were said.
    this.#flush()
    const keys = questions.map(({ key }) => key)
    const limits = questions.flatMap(({ max, window, hold }) => [max, window, hold])
    return this.#link.run(redis => redis.brokerCount(keys.length, ...keys, randomUUID(), ...limits))
  }

  /** What became of a hit that Redis counted in the window `id`. Nobody waits for it; all of one turn goes at once. */
  tell (key: string, id: string, givenBack: number, settled: 0 | 1): void {
    if (this.#told.length === 0) queueMicrotask(() => this.#flush())
    this.#told.push([key, id, givenBack, settled])
  }

  /** Forgets the hits of a key that count for good, at most so many in a window. */
  clear (key: string, most: number): void {
    this.tell(key, '', most, 0)
  }

  #flush (): void {
    const told = this.#told.splice(0)
    if (told.length === 0) return
    this.#link.run(redis => redis.brokerTell(told.length, ...told.map(([key]) => key), ...told.flatMap(([, ...what]) => what)))
  }
}
