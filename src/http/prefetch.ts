import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { basicCredentials } from './basic-auth.js'
import { limitKey } from '../caller.js'
import { hasHungUp } from './hang-up.js'
import type { Logins } from '../callers/login.js'
import type { Ask, CounterSource } from '../limits/counters.js'
import type { Limit } from './rate-limits.js'
import { addressAsks } from './rate-limit-store.js'

export interface PrefetchOptions {
  /** Undefined where counters answer synchronously. */
  askAhead: onRequestHookHandler | undefined
}

/** Asks Redis for what the later steps count, so that a request waits for it once. Neither refuses nor answers. */
export function prefetchCounters ({ askAhead }: PrefetchOptions): onRequestHookHandler {
  return askAhead ?? ((_request, _reply, done) => done())
}

export interface AheadOptions {
  counters: CounterSource
  limits: { address: Limit, caller: Limit }
  logins: Logins
}

/**
 * A hook that asks for all that a request is going to count, so that it waits for Redis once, where its caller is remembered, and else
 * twice: a caller's tokens are not asked for before the password is known to be right, lest guesses use them up.
 * Undefined where counters answer at once.
 */
export function aheadOf ({ counters: source, limits, logins }: AheadOptions): onRequestHookHandler | undefined {
  const { askAhead } = source
  if (askAhead === undefined) return undefined

  function * asksOf (request: FastifyRequest): Generator<Ask> {
    const { address, caller } = limits
    yield * addressAsks(address.counters, request.address, address.max)
    const sent = basicCredentials(request)
    if (sent === undefined) return
    const remembered = yield * logins.foresee(sent.name, sent.password, request.address)
    const { product, kind } = request.routeOptions.config
    if (remembered !== undefined && (product !== undefined || kind === 'tokens')) {
      yield { counters: caller.counters, key: limitKey(remembered), max: caller.max, hold: 0 }
    }
  }

  return (request, reply, done) => {
    // Who has left already closes no more.
    if (!hasHungUp(reply)) reply.raw.once('close', askAhead(asksOf(request)))
    done()
  }
}
