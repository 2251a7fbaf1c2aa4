import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller } from '../caller.js'
import type { BearerRefusal } from '../callers/bearer/tokens.js'
import type { KnownSession, Proof, ProvenSession } from '../callers/session/sessions.js'
import type { Decision, ProductGrant } from '../policy/decide.js'
import { traceContext, type TraceContext } from '../lib/trace-context.js'
import type { RefusalCode } from '../problems.js'
import { hostRequest } from './host-request.js'
import type { Scheme } from './scheme.js'
import type { RequestStep } from './request-step.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The product whose tokens the route issues. */
    product?: string
  }

  interface FastifyRequest {
    /** The client's IP address. */
    address: string
    /** The trace id of a valid `traceparent` header. */
    trace: TraceContext | null
    /** The scheme by which the request authenticates, if it is enabled. */
    scheme: Scheme | null
    /** The scheme that may identify the caller of a request without `Authorization`; it runs after the body is read. */
    schemeWithoutHeader: Scheme | null
    /** The name in the credentials, not verified. */
    claimedUsername: string | null
    /** Set once the credentials are verified. */
    caller: Caller | null
    /** The session of the request. Set as soon as its MAC is verified; has `proof` only after the DPoP proof is verified too. */
    session: KnownSession & Partial<Pick<ProvenSession, 'proof'>> | null
    /** Why a bearer token was refused, and whose it is. */
    refusedBearer: BearerRefusal | null
    /** The DPoP proof for opening a session. Its signature is not verified yet. */
    openingProof: Proof | null
    /** The enabled products that the request names. */
    requestedProducts: string[] | null
    /** The policy's decision for the caller. Set before the grants of a token are created. */
    decision: Decision | null
    /** The grants for the token. Set before a token route's handler runs. */
    grants: ProductGrant[] | null
    /** The products of the token that was issued. */
    grantedProducts: string[] | null
    /** Whether the audit has a line for the request. */
    isAudited: boolean
    /** The code of the answer, where it is a problem. */
    problemCode: RefusalCode | null
  }
}

/** The state of a request, which the steps fill. */
export function decorateRequests (scope: FastifyInstance): void {
  scope.decorateRequest('address', '')
  scope.decorateRequest('isAudited', false)
  for (const property of ['trace', 'scheme', 'schemeWithoutHeader', 'claimedUsername', 'caller', 'session', 'refusedBearer', 'openingProof', 'requestedProducts', 'decision', 'grants', 'grantedProducts', 'problemCode'] as const) {
    scope.decorateRequest(property, null)
  }
}

/** Sets the initial state of every request, and the headers of every answer. */
export function setContext (): RequestStep {
  return (request, reply) => {
    request.address = addressOf(request)
    request.trace = traceContext(request.headers.traceparent)
    const { product, kind } = request.routeOptions.config
    if (product !== undefined) request.requestedProducts = [product]
    else if (kind === 'sessions') request.requestedProducts = []
    reply.headers({
      'X-Request-Id': request.id,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin'
    })
  }
}

/**
 * Returns the client's IP address. Behind a trusted proxy Fastify uses the header's text, even if that is no address. An application around
 * the broker decides itself which proxies to trust.
 */
function addressOf (request: FastifyRequest): string {
  const { ip: claimed } = hostRequest(request.raw) ?? request
  // A socket has no address once its peer has disconnected.
  const address = isIP(claimed) !== 0 ? claimed : request.raw.socket.remoteAddress ?? '0.0.0.0'
  // Cuts the zone of an IPv6 address (`fe80::1%eth0`, RFC 4007): it is meaningless on other machines and can be long.
  const ip = address.split('%', 1)[0]!
  return ip.startsWith('::ffff:') ? ip.replace(/^::ffff:(?=\d+\.)/, '') : ip
}
