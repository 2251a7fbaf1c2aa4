import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import { addressKeys } from '../limits/address-buckets.js'
import { whenReady } from '../lib/when-ready.js'
import type { PlannedHit, Count, Counters } from '../limits/counters.js'

type Callback = Parameters<FastifyRateLimitStore['incr']>[1]

/**
 * Counters as a `store` of @fastify/rate-limit, whose keys must then be addresses: `keyGenerator: request => request.ip`.
 * The window is the counters' own, so give the plugin `timeWindow: counters.windowMs`. Its `ban` cannot work, as hits beyond the limit are
 * not counted.
 */
export function rateLimitStore (counters: Counters): FastifyRateLimitStoreCtor {
  return class AddressStore implements FastifyRateLimitStore {
    incr (ip: string, callback: Callback, _timeWindow: number, max: number): void {
      const count = countAddress(counters, ip, max)
      if (count instanceof Promise) count.then(count => answer(callback, count), callback)
      else answer(callback, count)
    }

    read (ip: string, callback: Callback, _timeWindow: number, max: number): void {
      const { used, resetMs } = readAddress(counters, ip, max)
      callback(null, { current: used, ttl: resetMs })
    }

    child (): FastifyRateLimitStore {
      return new AddressStore()
    }
  }
}

/** The plugin treats a count above the limit as a refusal. */
function answer (callback: Callback, { used, resetMs, exceeded }: Count): void {
  callback(null, { current: exceeded ? used + 1 : used, ttl: resetMs })
}

/**
 * Counts a hit in every bucket of an address, from the narrowest until one refuses: a flood from one /64 must not use up what its
 * neighbours share.
 * @returns the bucket with the least left, as a count out of `max`
 */
export function countAddress (counters: Counters, ip: string, max: number): Count | Promise<Count> {
  const [narrow, wide] = addressKeys(ip)
  const first = counters.consume(narrow.key, max)
  if (wide === undefined) return first
  return whenReady(first, first => first.exceeded
    ? first
    : whenReady(counters.consume(wide.key, max * wide.times), second => tighter(first, second)))
}

/** Returns what `countAddress` would return, by what this node knows; counts nothing. */
function readAddress (counters: Counters, ip: string, max: number): Count {
  const [narrow, wide] = addressKeys(ip)
  const first = counters.read(narrow.key, max)
  return wide === undefined ? first : tighter(first, counters.read(wide.key, max * wide.times))
}

/** Returns the hits that `countAddress` will count. */
export function addressHits (counters: Counters, ip: string, max: number): PlannedHit[] {
  return addressKeys(ip).map(({ key, times }) => ({ counters, key, max: max * times, hold: 0 }))
}

function tighter (narrow: Count, wide: Count): Count {
  const left = wide.max - wide.used
  return wide.exceeded || left < narrow.max - narrow.used ? { ...wide, used: narrow.max - left, max: narrow.max } : narrow
}
