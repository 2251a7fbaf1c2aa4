import type { FastifyRequest } from 'fastify'
import { basicCredentials } from './basic-auth.js'
import type { BearerOptions } from './bearer-auth.js'
import { limitKey, type Caller } from '../caller.js'
import { hasHungUp } from './hang-up.js'
import type { Logins } from '../callers/login.js'
import type { PlannedHit, CounterSource } from '../limits/counters.js'
import type { Limit } from './rate-limits.js'
import { addressHits } from './rate-limit-store.js'
import type { RequestStep } from './request-step.js'

export interface PrefetchOptions extends BearerOptions {
  /** Undefined where counters are in memory and need no prefetch. */
  prefetch: CounterSource['prefetch']
  limits: { address: Limit, caller: Limit }
  logins: Logins
}

/**
 * Counts all hits of a request in one round trip to Redis; the later steps take the results. Never refuses or answers a request. The
 * caller's own limit is included only if its password or bearer token is cached: otherwise guesses would use up the caller's tokens, so
 * that costs a second round trip.
 */
export function prefetchCounters ({ prefetch, limits, logins, bearer }: PrefetchOptions): RequestStep {
  if (prefetch === undefined) return () => {}

  function * hitsOf (request: FastifyRequest): Generator<PlannedHit> {
    const { address, caller } = limits
    yield * addressHits(address.counters, request.address, address.max)
    const cached = yield * cachedCaller(request)
    const { product, kind } = request.routeOptions.config
    if (cached !== undefined && (product !== undefined || kind === 'tokens')) {
      yield { counters: caller.counters, key: limitKey(cached), max: caller.max, hold: 0 }
    }
  }

  function * cachedCaller (request: FastifyRequest): Generator<PlannedHit, Caller | undefined, void> {
    const { authorization = '' } = request.headers
    if (/^bearer /i.test(authorization)) return bearer?.cachedCaller(authorization.slice('Bearer '.length))
    const sent = basicCredentials(request)
    return sent && (yield * logins.planHits(sent.name, sent.password, request.address))
  }

  return (request, reply) => {
    // A client that has hung up already emits no close event, which releases the hits.
    if (!hasHungUp(reply)) reply.raw.once('close', prefetch(hitsOf(request)))
  }
}
