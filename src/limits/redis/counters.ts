import { problem } from '../../problems.js'
import { CountResult, isExhausted, type PlannedHit, type Count, type Counters, type Reservation } from '../counters.js'
import type { MemoryCounters } from '../memory/counters.js'
import type { CommandBatch, CountCommand } from './batch.js'
import { PrefetchedReplies, type Reply } from './prefetched.js'
import type { CountReply } from './scripts.js'

interface MergedReply {
  reply?: CountReply
  merged?: ReturnType<MemoryCounters['mergeRemote']>
}

/**
 * Counts in Redis, and keeps a local copy of its replies. The local copy is used while Redis is unavailable, and when Redis knows of fewer
 * hits, after a restart, an eviction or a failover: the count that a node knows never decreases within a window.
 */
export class SharedCounters implements Counters {
  readonly windowMs: number
  readonly #batch: CommandBatch
  readonly #name: string
  readonly #local: MemoryCounters
  readonly #down: 'local' | 'closed'
  readonly #prefetched = new PrefetchedReplies()

  constructor (batch: CommandBatch, name: string, local: MemoryCounters, down: 'local' | 'closed') {
    this.windowMs = local.windowMs
    this.#batch = batch
    this.#name = name
    this.#local = local
    this.#down = down
  }

  async consume (key: string, max: number): Promise<Count> {
    const { reply, merged } = await this.#count(key, max, 0)
    if (reply !== undefined && (merged !== 'lost' || reply[3] === 1)) return resultOf(reply, max)
    const own = this.#local.consume(key, max)
    if (reply !== undefined && own.exceeded) this.#batch.settle(this.#redisKey(key), reply[4], 1, 0)
    return own
  }

  async reserve (key: string, max: number): Promise<Reservation> {
    const { reply, merged } = await this.#count(key, max, 1)
    if (reply === undefined) return this.#local.reserve(key, max)
    if (reply[3] === 1) return resultOf(reply, max)
    const own = this.#local.reserve(key, max)
    const settle = (released: 0 | 1): void => {
      if (released === 1) own.release()
      else own.commit()
      this.#batch.settle(this.#redisKey(key), reply[4], released, 1)
    }
    if (merged === 'merged' || !own.exceeded) return resultOf(reply, max, settle)
    settle(1)
    return own
  }

  read (key: string, max: number): Count {
    return this.#local.read(key, max)
  }

  clear (key: string, max: number): void {
    this.#local.clear(key, max)
    this.#batch.clear(this.#redisKey(key), max)
  }

  /** The command that counts this hit in Redis; undefined if this node already knows that the limit is reached, which saves the command. */
  commandFor ({ key, max, hold }: Pick<PlannedHit, 'key' | 'max' | 'hold'>): CountCommand | undefined {
    return isExhausted(this.#local.read(key, max)) ? undefined : { key: this.#redisKey(key), max, windowMs: this.windowMs, hold }
  }

  /**
   * Keeps the reply to a prefetched hit for the next `consume` or `reserve` of this key.
   * @returns releases the hit, if none took it
   */
  keepPrefetched (key: string, { key: shared, hold }: CountCommand, reply: Reply): () => void {
    this.#prefetched.add(key, reply)
    return async () => {
      if (!this.#prefetched.delete(key, reply)) return
      const counted = await reply
      if (counted !== undefined && counted[3] === 0) this.#batch.settle(shared, counted[4], 1, hold)
    }
  }

  /**
   * Counts in Redis and merges its reply. Returns nothing if this node has to count for itself, because Redis does not answer or the limit
   * is known to be reached.
   */
  async #count (key: string, max: number, hold: 0 | 1): Promise<MergedReply> {
    // A prefetched hit is already counted in Redis, so it is used even if later hits have reached the limit since.
    const prefetched = this.#prefetched.take(key)
    const command = this.commandFor({ key, max, hold })
    const reply = await prefetched ?? (command && (await this.#batch.count([command]))?.[0])
    if (reply === undefined) {
      if (command !== undefined && this.#down === 'closed') throw problem('limiter-unavailable', { retryAfter: 5 })
      return {}
    }
    const [used, held, resetMs, , windowId, cleared] = reply
    return { reply, merged: this.#local.mergeRemote(key, max, { committed: used - held, cleared, resetMs, windowId }) }
  }

  #redisKey (key: string): string {
    return this.#batch.keyOf(this.#name, key)
  }
}

function resultOf ([used, held, leftMs, exceeded]: CountReply, max: number, settle?: (released: 0 | 1) => void): CountResult {
  return new CountResult(used, held, max, leftMs, exceeded === 1, settle)
}
