import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limitKey, type Caller } from '../caller.js'
import { whenReady } from '../lib/when-ready.js'
import { limited, type Problem } from '../problems.js'
import { retryAfter, type Counters } from '../limits/counters.js'
import { rateLimitStore } from './rate-limit-store.js'
import type { RequestStep } from './request-step.js'

export interface Limit {
  counters: Counters
  /** Maximum hits in the counters' window. */
  max: number
}

/** Limits requests of an address. */
export interface AddressLimit {
  /** Counts a request. @throws Problem `rate-limited` beyond the limit */
  count (request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Sets the headers that say how much is left; counts nothing. */
  show (request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/**
 * Creates the limit as a hook of a scope: the plugin's own hook of each route runs after the login, so it would never count a wrong
 * password.
 */
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

  async function look (request: FastifyRequest, reply: FastifyReply, increment: boolean): Promise<void> {
    reply.header('RateLimit-Policy', policy)
    let limit: Counted
    try {
      // Without an allow list, every request is counted.
      limit = await ask(request, { increment }) as Counted
    } catch (error) {
      // Nothing is allowed while nobody knows how much is left.
      reply.header('RateLimit', stateOf('address', 0, counters.windowMs))
      throw error
    }
    reply.header('RateLimit', stateOf('address', limit.remaining, limit.ttl))
    if (increment && limit.isExceeded) throw tooMany(limit.ttl)
  }

  return {
    count: (request, reply) => look(request, reply, true),
    show: (request, reply) => look(request, reply, false)
  }
}

type Counted = Extract<Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>, { isAllowed: false }>

/** Counts a request of an address, even if it is refused later. */
export function limitAddress ({ addressLimit }: { addressLimit: AddressLimit }): RequestStep {
  return (request, reply) => addressLimit.count(request, reply)
}

/** @param resetMs milliseconds until the window ends */
export function tooMany (resetMs: number): Problem {
  return limited('rate-limited', retryAfter({ resetMs }))
}

/** Counts a caller's token, after its address. With a session it was counted together with the proof. */
export function limitCaller ({ limits }: { limits: { caller: Limit } }): RequestStep {
  const count = countCaller(limits.caller)
  return ({ caller, session }, reply) => {
    if (session === null) return count(caller!, reply)
  }
}

/** @returns a function that counts a hit for a caller, and throws Problem `caller-limited` beyond the limit */
export function countCaller ({ counters, max }: Limit): (caller: Caller, reply: FastifyReply) => void | Promise<void> {
  const policy = policyOf('caller', max, counters.windowMs)
  return (caller, reply) => whenReady(counters.consume(limitKey(caller), max), count => {
    append(reply, 'RateLimit-Policy', policy)
    append(reply, 'RateLimit', stateOf('caller', max - count.used, count.resetMs))
    if (count.exceeded) throw limited('caller-limited', retryAfter(count))
  })
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ : both headers are lists with one item for each policy. */
function policyOf (name: string, quota: number, windowMs: number): string {
  return `"${name}";q=${quota};w=${windowMs / 1000}`
}

function stateOf (name: string, remaining: number, resetMs: number): string {
  return `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}

function append (reply: FastifyReply, header: string, member: string): void {
  reply.header(header, `${reply.getHeader(header)}, ${member}`)
}
