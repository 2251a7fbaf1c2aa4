import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../problems.js'
import { retryAfter, type Count, type Counters } from '../limits/counters.js'
import { rateLimitStore } from './rate-limit-store.js'

export interface Limit {
  counters: Counters
  /** Hits in the counters' window. */
  max: number
}

/**
 * Counts every request of an address in this scope, before its credentials are looked at. Wired as a hook of the scope: the
 * plugin's own wiring, a hook of each route, runs after the login and so never counts a wrong password.
 */
export async function limitAddresses (scope: FastifyInstance, { counters, max }: Limit) {
  await scope.register(rateLimit, {
    global: false,
    max,
    timeWindow: counters.window,
    keyGenerator: request => request.address,
    store: rateLimitStore(counters)
  })
  const count = scope.createRateLimit()
  const policy = policyOf('address', max, counters.window)

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.header('RateLimit-Policy', policy)
    // Without an allow list it always is one that counts.
    const limit = await count(request).catch((error: unknown) => {
      // How much is left nobody can tell, and until somebody can nothing is let in.
      reply.header('RateLimit', stateOf('address', 0, counters.window))
      throw error
    }) as Counted
    reply.header('RateLimit', stateOf('address', limit.remaining, limit.ttl))
    if (limit.isExceeded) throw problem('rate-limited', { retryAfter: retryAfter({ resetMs: limit.ttl }) })
  }
}

type Counted = Extract<Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>, { isAllowed: false }>

/** Counts a caller's tokens, after its address: at once where the counters are in memory. */
export function limitCallers ({ counters, max }: Limit) {
  const policy = policyOf('caller', max, counters.window)
  const judge = (reply: FastifyReply, count: Count): void => {
    append(reply, 'RateLimit-Policy', policy)
    append(reply, 'RateLimit', stateOf('caller', max - count.used, count.resetMs))
    if (count.exceeded) throw problem('caller-limited', { retryAfter: retryAfter(count) })
  }

  return (reply: FastifyReply, name: string): Promise<void> | undefined => {
    const count = counters.take(name, max)
    if (count instanceof Promise) return count.then(count => judge(reply, count))
    judge(reply, count)
  }
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ : both headers are lists, one member a policy. */
function policyOf (name: string, quota: number, windowMs: number): string {
  return `"${name}";q=${quota};w=${windowMs / 1000}`
}

function stateOf (name: string, remaining: number, resetMs: number): string {
  return `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}

function append (reply: FastifyReply, header: string, member: string): void {
  reply.header(header, `${reply.getHeader(header)}, ${member}`)
}
