import cors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Origins } from './origins.js'
import { logRefusedOrigin, type RefusedOriginOptions } from './refused-origins.js'
import type { RequestStep } from './request-step.js'

/** What pages of the listed origins may read of every answer. */
const EXPOSED = 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, DPoP-Nonce, WWW-Authenticate'

/** Lets pages of the listed origins read every answer. */
export async function registerCors (scope: FastifyInstance, { origins }: { origins: Origins }): Promise<void> {
  await scope.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && origins.has(origin)),
    exposedHeaders: EXPOSED,
    // The plugin treats every OPTIONS as a preflight, and answers it before a malformed one is refused.
    preflight: false
  })
}

/** Allows the methods of sessions even without sessions: otherwise pages could not read the 404. */
function methodsOf ({ url }: FastifyRequest, sessionPath: string): string {
  return url.split('?', 1)[0] === sessionPath ? 'POST, DELETE' : 'GET, POST'
}

export interface PreflightOptions extends RefusedOriginOptions {
  sessionPath: string
}

/** Answers a preflight, before credentials and limits are checked. */
export function answerPreflight (options: PreflightOptions): RequestStep {
  return (request, reply) => {
    if (isPreflight(request)) {
      logRefusedOrigin(request, options)
      if (options.origins.has(request.headers.origin!)) {
        reply.headers({
          'Access-Control-Allow-Methods': methodsOf(request, options.sessionPath),
          'Access-Control-Allow-Headers': 'Authorization, Content-Type, DPoP',
          'Access-Control-Max-Age': '600'
        })
      }
      reply.code(204).send()
      return
    }
    // Any other OPTIONS is refused for its method, and not first for the type of its body.
    if (request.method === 'OPTIONS') delete request.headers['content-type']
  }
}

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
