import type { CountReply } from './scripts.js'

/** Undefined if Redis did not answer, or did not count this hit because it refused an earlier one of the same command. */
export type Reply = Promise<CountReply | undefined>

/** Replies to prefetched hits, in order. Any reply for a key serves any request for it. */
export class PrefetchedReplies {
  readonly #replies = new Map<string, Set<Reply>>()

  add (key: string, reply: Reply): void {
    const replies = this.#replies.get(key) ?? new Set()
    this.#replies.set(key, replies.add(reply))
  }

  /** Takes out the oldest reply. */
  take (key: string): Reply | undefined {
    const [reply] = this.#replies.get(key) ?? []
    if (reply !== undefined) this.delete(key, reply)
    return reply
  }

  /** @returns false if `take` has already returned it */
  delete (key: string, reply: Reply): boolean {
    const replies = this.#replies.get(key)
    const had = replies?.delete(reply) === true
    if (replies?.size === 0) this.#replies.delete(key)
    return had
  }
}
