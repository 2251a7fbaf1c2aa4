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
    /** Where the request comes from: always an IP address. */
    address: string
    /** Of the header `traceparent`, where it is valid. */
    trace: TraceContext | null
    /** How the request says who is asking, where the broker knows the scheme. */
    scheme: Scheme | null
    /** Set where the request has no `Authorization`, and a scheme may take it as it is. */
    recognizedScheme: Scheme | null
    /** The name in the credentials, right or wrong. */
    claimedUsername: string | null
    /** Set once the credentials are found right. */
    caller: Caller | null
    /** Set once it is certain that the broker sealed the session; with its proof, once that is found right. */
    session: KnownSession & Partial<Pick<ProvenSession, 'proof'>> | null
    /** Why a bearer token was refused, and whose it is. */
    refusedBearer: BearerRefusal | null
    /** What a session is to be opened with. Its signature is not checked yet. */
    openingProof: Proof | null
    /** The products that the request names, as far as they exist. */
    requestedProducts: string[] | null
    /** What the policy says of the caller. Set before a token route's grants are made. */
    decision: Decision | null
    /** The grants for the token. Set before a token route's handler runs. */
    grants: ProductGrant[] | null
    /** The products of the token that was issued. */
    grantedProducts: string[] | null
    /** The code of the answer, where it is a problem. */
    problemCode: RefusalCode | null
  }
}

/** What the steps find out about a request. */
export function decorateRequests (scope: FastifyInstance): void {
  scope.decorateRequest('address', '')
  for (const property of ['trace', 'scheme', 'recognizedScheme', 'claimedUsername', 'caller', 'session', 'refusedBearer', 'openingProof', 'requestedProducts', 'decision', 'grants', 'grantedProducts', 'problemCode'] as const) {
    scope.decorateRequest(property, null)
  }
}

/** Sets what every request has, and the headers that every answer has. */
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
 * Behind a trusted proxy Fastify takes the header's text for the address, whether it is one or not. An application around
 * the broker decides for itself which proxies to trust.
 */
function addressOf (request: FastifyRequest): string {
  const { ip: claimed } = hostRequest(request.raw) ?? request
  // A socket has no address any more once its peer has hung up.
  const address = isIP(claimed) !== 0 ? claimed : request.raw.socket.remoteAddress ?? '0.0.0.0'
  // The zone of an IPv6 address (`fe80::1%eth0`, RFC 4007) means nothing to other machines, and can have any length.
  const ip = address.split('%', 1)[0]!
  return ip.startsWith('::ffff:') ? ip.replace(/^::ffff:(?=\d+\.)/, '') : ip
}
