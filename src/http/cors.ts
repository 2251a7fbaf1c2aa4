import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Origins } from './origins.js'
import { logRefusedOrigin, type RefusedOriginOptions } from './refused-origins.js'
import type { RequestStep } from './request-step.js'

const options: FastifyCorsOptions = {
  allowedHeaders: 'Authorization, Content-Type, DPoP',
  exposedHeaders: 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, DPoP-Nonce, WWW-Authenticate',
  maxAge: 600,
  strictPreflight: false,
  // A malformed preflight is refused first.
  preflightContinue: true
}

/** For all answers but preflights. Created once, because every request uses one. `true` stands for the request's origin. */
const readable: FastifyCorsOptions = { ...options, origin: true, preflight: false }
/** An empty list allows nothing. */
const unreadable: FastifyCorsOptions = { ...options, origin: [], preflight: false }

/** Lets pages of the listed origins read every answer. */
export async function registerCors (scope: FastifyInstance, { origins, sessionPath }: { origins: Origins, sessionPath: string }): Promise<void> {
  await scope.register(cors, {
    delegator (request, done) {
      const { origin } = request.headers
      const answer = origin !== undefined && origins.has(origin) ? readable : unreadable
      // By default the plugin treats every OPTIONS as a preflight.
      done(null, isPreflight(request) ? { ...answer, preflight: true, methods: methodsOf(request, sessionPath) } : answer)
    }
  })
}

/** Allows the methods of sessions even without sessions: otherwise pages could not read the 404. */
function methodsOf ({ url }: FastifyRequest, sessionPath: string): string {
  return url.split('?', 1)[0] === sessionPath ? 'POST, DELETE' : 'GET, POST'
}

/** Answers a preflight, before credentials and limits are checked. */
export function answerPreflight (options: RefusedOriginOptions): RequestStep {
  return (request, reply) => {
    if (isPreflight(request)) {
      logRefusedOrigin(request, options)
      reply.code(204).send()
      return
    }
    // Passes on any other OPTIONS, to be refused for its method rather than for the type of its body.
    if (request.method === 'OPTIONS') delete request.headers['content-type']
  }
}

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
