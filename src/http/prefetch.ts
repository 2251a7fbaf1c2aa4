import type { FastifyRequest } from 'fastify'
import { basicCredentials } from './basic-auth.js'
import { limitKey } from '../caller.js'
import { hasHungUp } from './hang-up.js'
import type { Logins } from '../callers/login.js'
import type { PlannedHit, CounterSource } from '../limits/counters.js'
import type { Limit } from './rate-limits.js'
import { addressHits } from './rate-limit-store.js'
import type { RequestStep } from './request-step.js'

export interface PrefetchOptions {
  /** Undefined where counters are in memory and need no prefetch. */
  prefetch: RequestStep | undefined
}

/** Requests from Redis what the later steps will count, so that a request waits for Redis only once. Never refuses or answers a request. */
export function prefetchCounters ({ prefetch }: PrefetchOptions): RequestStep {
  return prefetch ?? (() => {})
}

export interface CounterUse {
  counters: CounterSource
  limits: { address: Limit, caller: Limit }
  logins: Logins
}

/**
 * Creates the hook that counts all hits of a request in one round trip to Redis. The caller's own limit is included only if its password is
 * cached: otherwise guesses would use up the caller's tokens, so that costs a second round trip.
 * @returns undefined where counters are in memory
 */
export function createPrefetch ({ counters: source, limits, logins }: CounterUse): RequestStep | undefined {
  const { prefetch } = source
  if (prefetch === undefined) return undefined

  function * hitsOf (request: FastifyRequest): Generator<PlannedHit> {
    const { address, caller } = limits
    yield * addressHits(address.counters, request.address, address.max)
    const sent = basicCredentials(request)
    if (sent === undefined) return
    const cached = yield * logins.planHits(sent.name, sent.password, request.address)
    const { product, kind } = request.routeOptions.config
    if (cached !== undefined && (product !== undefined || kind === 'tokens')) {
      yield { counters: caller.counters, key: limitKey(cached), max: caller.max, hold: 0 }
    }
  }

  return (request, reply) => {
    // A client that has hung up already emits no close event, which releases the hits.
    if (!hasHungUp(reply)) reply.raw.once('close', prefetch(hitsOf(request)))
  }
}
