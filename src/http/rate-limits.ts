import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limitKey, type Caller } from '../caller.js'
import { problem, type Problem } from '../problems.js'
import { retryAfter, type Counters } from '../limits/counters.js'
import { rateLimitStore } from './rate-limit-store.js'
import type { RequestStep } from './request-step.js'

export interface Limit {
  counters: Counters
  /** Hits in the counters' window. */
  max: number
}

/** The limit of an address. */
export interface AddressLimit {
  /** Counts a request. @throws Problem `rate-limited` where it is one too many */
  count (request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Sets the answer's headers that say how much is left, and counts nothing. */
  show (request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/** To be used as a hook of a scope: the plugin's own hook of each route runs after the login, and so never counts a wrong password. */
export async function createAddressLimit (scope: FastifyInstance, { counters, max }: Limit): Promise<AddressLimit> {
  await scope.register(rateLimit, {
    global: false,
    max,
    timeWindow: counters.windowMs,
    keyGenerator: request => request.address,
    store: rateLimitStore(counters)
  })
  const ask = scope.createRateLimit()
  const policy = policyOf('address', max, counters.windowMs)

  async function look (request: FastifyRequest, reply: FastifyReply, increment: boolean): Promise<Counted> {
    reply.header('RateLimit-Policy', policy)
    // Without an allow list it always is one that counts.
    const limit = await ask(request, { increment }).catch((error: unknown) => {
      // Nobody knows how much is left, and until somebody does nothing is let in.
      reply.header('RateLimit', stateOf('address', 0, counters.windowMs))
      throw error
    }) as Counted
    reply.header('RateLimit', stateOf('address', limit.remaining, limit.ttl))
    return limit
  }

  return {
    async count (request, reply) {
      const limit = await look(request, reply, true)
      if (limit.isExceeded) throw tooMany(limit.ttl)
    },
    async show (request, reply) {
      await look(request, reply, false)
    }
  }
}

type Counted = Extract<Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>, { isAllowed: false }>

/** Counts a request of an address, whether it is refused later or not. */
export function limitAddress ({ addressLimit }: { addressLimit: AddressLimit }): RequestStep {
  return (request, reply) => addressLimit.count(request, reply)
}

/** @param resetMs milliseconds until the window ends */
export function tooMany (resetMs: number): Problem {
  return problem('rate-limited', { retryAfter: retryAfter({ resetMs }) })
}

/** Counts a caller's tokens, after its address. Those by a session were counted with their proof. */
export function limitCaller ({ limits }: { limits: { caller: Limit } }): RequestStep {
  const count = countCaller(limits.caller)
  return ({ caller, session }, reply) => {
    if (session === null) return count(caller!, reply)
  }
}

/** @returns counts a hit for a caller, and throws Problem `caller-limited` where it is one too many */
export function countCaller ({ counters, max }: Limit): (caller: Caller, reply: FastifyReply) => Promise<void> {
  const policy = policyOf('caller', max, counters.windowMs)
  return async (caller, reply) => {
    const count = await counters.consume(limitKey(caller), max)
    append(reply, 'RateLimit-Policy', policy)
    append(reply, 'RateLimit', stateOf('caller', max - count.used, count.resetMs))
    if (count.exceeded) throw problem('caller-limited', { retryAfter: retryAfter(count) })
  }
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ : both headers are lists with one member a policy. */
function policyOf (name: string, quota: number, windowMs: number): string {
  return `"${name}";q=${quota};w=${windowMs / 1000}`
}

function stateOf (name: string, remaining: number, resetMs: number): string {
  return `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}

function append (reply: FastifyReply, header: string, member: string): void {
  reply.header(header, `${reply.getHeader(header)}, ${member}`)
}
