import { problem } from '../../problems.js'
import { CountResult, isExhausted, type PlannedHit, type Count, type Counters, type Reservation } from '../counters.js'
import type { MemoryCounters } from '../memory/counters.js'
import type { CommandBatch, CountCommand } from './batch.js'
import { PrefetchedReplies, type Reply } from './prefetched.js'
import type { CountReply } from './scripts.js'

/** A `CountReply` by names. */
interface RedisCount {
  used: number
  held: number
  resetMs: number
  exceeded: boolean
  windowId: string
  cleared: number
}

interface MergedCount {
  /** Undefined if this node has to count for itself. */
  shared?: RedisCount
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
  /** REDIS_DOWN: what to do while Redis is unavailable. */
  readonly #onOutage: 'local' | 'closed'
  readonly #prefetched = new PrefetchedReplies()

  constructor (batch: CommandBatch, name: string, local: MemoryCounters, onOutage: 'local' | 'closed') {
    this.windowMs = local.windowMs
    this.#batch = batch
    this.#name = name
    this.#local = local
    this.#onOutage = onOutage
  }

  async consume (key: string, max: number): Promise<Count> {
    const { shared, merged } = await this.#count(key, max, 0)
    // An outdated reply counts, too: Redis allowed this hit, and the newer reply that was merged before it includes it.
    if (shared !== undefined && (merged !== 'lost' || shared.exceeded)) return resultOf(shared, max)
    const own = this.#local.consume(key, max)
    if (shared !== undefined && own.exceeded) this.#batch.settle(this.#redisKey(key), shared.windowId, 1, 0)
    return own
  }

  async reserve (key: string, max: number): Promise<Reservation> {
    const { shared, merged } = await this.#count(key, max, 1)
    if (shared === undefined) return this.#local.reserve(key, max)
    if (shared.exceeded) return resultOf(shared, max)
    // The local copy takes only committed hits from Redis, so each reservation of this node has its own place there.
    const own = this.#local.reserve(key, max)
    const settle = (released: 0 | 1): void => {
      if (released === 1) own.release()
      else own.commit()
      this.#batch.settle(this.#redisKey(key), shared.windowId, released, 1)
    }
    if (merged === 'merged' || !own.exceeded) return resultOf(shared, max, settle)
    // This node knows of more committed hits than the reply, and they reach the limit.
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
  keepPrefetched (key: string, { key: redisKey, hold }: CountCommand, reply: Reply): () => void {
    this.#prefetched.add(key, reply)
    return async () => {
      if (!this.#prefetched.delete(key, reply)) return
      const counted = await reply
      if (counted === undefined) return
      const { exceeded, windowId } = parsed(counted)
      if (!exceeded) this.#batch.settle(redisKey, windowId, 1, hold)
    }
  }

  /**
   * Counts in Redis and merges its reply. Returns nothing if this node has to count for itself, because Redis does not answer or the limit
   * is known to be reached.
   */
  async #count (key: string, max: number, hold: 0 | 1): Promise<MergedCount> {
    // A prefetched hit is already counted in Redis, so it is used even if later hits have reached the limit since.
    const prefetched = this.#prefetched.take(key)
    const command = this.commandFor({ key, max, hold })
    const reply = await prefetched ?? (command && (await this.#batch.count([command]))?.[0])
    if (reply === undefined) {
      if (command !== undefined && this.#onOutage === 'closed') throw problem('limiter-unavailable', { retryAfter: 5 })
      return {}
    }
    const shared = parsed(reply)
    const { used, held, resetMs, windowId, cleared } = shared
    return { shared, merged: this.#local.mergeRemote(key, max, { committed: used - held, cleared, resetMs, windowId }) }
  }

  #redisKey (key: string): string {
    return this.#batch.keyOf(this.#name, key)
  }
}

function parsed ([used, held, resetMs, exceeded, windowId, cleared]: CountReply): RedisCount {
  return { used, held, resetMs, exceeded: exceeded === 1, windowId, cleared }
}

function resultOf ({ used, held, resetMs, exceeded }: RedisCount, max: number, settle?: (released: 0 | 1) => void): CountResult {
  return new CountResult(used, held, max, resetMs, exceeded, settle)
}
