import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../problems.js'
import { retryAfter, type Count, type Counters } from './counters.js'
import { rateLimitStore } from './rate-limit-store.js'

/**
 * Counts every request of an address in this scope, before its credentials are looked at. Wired as a hook of the scope: the
 * plugin's own wiring, a hook of each route, runs after the login and so never counts a wrong password.
 * @param max requests in a window
 */
export async function limitAddresses (scope: FastifyInstance, counters: Counters, max: number) {
  await scope.register(rateLimit, {
    global: false,
    max,
    timeWindow: counters.window,
    keyGenerator: request => request.address,
    store: rateLimitStore(counters)
  })
  const count = scope.createRateLimit()

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    // Without an allow list it always is one that counts.
    const limit = await count(request) as Counted
    tell(reply, 'address', max, limit.remaining, limit.ttl, counters.window)
    if (limit.isExceeded) throw problem('rate-limited', { retryAfter: retryAfter({ resetMs: limit.ttl }) })
  }
}

type Counted = Extract<Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>, { isAllowed: false }>

/** Counts a caller's token. */
export async function limitCaller (reply: FastifyReply, counters: Counters, name: string, max: number): Promise<void> {
  const count: Count = await counters.take(name, max)
  tell(reply, 'caller', max, max - count.used, count.resetMs, counters.window)
  if (count.exceeded) throw problem('caller-limited', { retryAfter: retryAfter(count) })
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ : both headers are lists, one member a policy. */
function tell (reply: FastifyReply, policy: string, quota: number, remaining: number, resetMs: number, windowMs: number): void {
  add(reply, 'RateLimit-Policy', `"${policy}";q=${quota};w=${windowMs / 1000}`)
  add(reply, 'RateLimit', `"${policy}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`)
}

function add (reply: FastifyReply, header: string, member: string): void {
  const before = reply.getHeader(header)
  reply.header(header, before === undefined ? member : `${before}, ${member}`)
}
