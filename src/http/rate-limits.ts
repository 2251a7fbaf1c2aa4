import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem, type Problem } from '../problems.js'
import { retryAfter, type Count, type Counters } from '../limits/counters.js'
import { countAddress, rateLimitStore } from './rate-limit-store.js'

export interface Limit {
  counters: Counters
  /** Hits in the counters' window. */
  max: number
}

/** The limit of an address in a scope. */
export interface AddressLimit {
  /** Counts a request, and refuses it where it is one too many. */
  count (request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Says in the answer's headers how much is left, and counts nothing. */
  show (request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/**
 * Counts the requests of an address in this scope, before their credentials are looked at. To be wired as a hook of the scope: the
 * plugin's own wiring, a hook of each route, runs after the login and so never counts a wrong password.
 */
export async function limitAddresses (scope: FastifyInstance, { counters, max }: Limit): Promise<AddressLimit> {
  await scope.register(rateLimit, {
    global: false,
    max,
    timeWindow: counters.window,
    keyGenerator: request => request.address,
    store: rateLimitStore(counters)
  })
  const ask = scope.createRateLimit()
  const policy = policyOf('address', max, counters.window)

  async function look (request: FastifyRequest, reply: FastifyReply, increment: boolean): Promise<Counted> {
    reply.header('RateLimit-Policy', policy)
    // Without an allow list it always is one that counts.
    const limit = await ask(request, { increment }).catch((error: unknown) => {
      // How much is left nobody can tell, and until somebody can nothing is let in.
      reply.header('RateLimit', stateOf('address', 0, counters.window))
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

/** Counts apart what pages of others make an address ask for, so that they cannot spend what is its own. */
export async function countForeign ({ counters, max }: Limit, request: FastifyRequest): Promise<void> {
  const { exceeded, resetMs } = await countAddress(counters, request.address, max)
  if (exceeded) throw tooMany(resetMs)
}

function tooMany (resetMs: number): Problem {
  return problem('rate-limited', { retryAfter: retryAfter({ resetMs }) })
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

  return (reply: FastifyReply, key: string): Promise<void> | undefined => {
    const count = counters.consume(key, max)
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
