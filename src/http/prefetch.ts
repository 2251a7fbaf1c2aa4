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
  prefetch: CounterSource['prefetch']
  limits: { address: Limit, caller: Limit }
  logins: Logins
}

/**
 * Counts all hits of a request in one round trip to Redis; the later steps take the results. Never refuses or answers a request. The
 * caller's own limit is included only if its password is cached: otherwise guesses would use up the caller's tokens, so that costs a second
 * round trip.
 */
export function prefetchCounters ({ prefetch, limits, logins }: PrefetchOptions): RequestStep {
  if (prefetch === undefined) return () => {}

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
