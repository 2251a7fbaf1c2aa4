import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Origins } from './origins.js'
import { logRefusedOrigin, type RefusedOriginOptions } from './refused-origins.js'

const options: FastifyCorsOptions = {
  methods: 'GET, POST',
  allowedHeaders: 'Authorization, Content-Type, DPoP',
  exposedHeaders: 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, DPoP-Nonce, WWW-Authenticate',
  maxAge: 600,
  strictPreflight: false,
  // A malformed preflight is refused first.
  preflightContinue: true
}

/** Makes every answer readable for pages of the listed origins. */
export async function registerCors (scope: FastifyInstance, { origins, sessionPath }: { origins: Origins, sessionPath: string }): Promise<void> {
  await scope.register(cors, {
    delegator (request, done) {
      const { origin } = request.headers
      done(null, {
        ...options,
        // Also where there are no sessions: without it a page could not read the 404 that says so.
        ...(request.url.split('?', 1)[0] === sessionPath && { methods: 'POST, DELETE' }),
        // With `false` the plugin would leave a refused preflight to the routes. An empty list allows nothing.
        origin: origin !== undefined && origins.has(origin) ? origin : [],
        // By default the plugin takes every OPTIONS for a preflight.
        preflight: isPreflight(request)
      })
    }
  })
}

/** Answers a preflight: without credentials, and before any limit. */
export function answerPreflight (options: RefusedOriginOptions): onRequestHookHandler {
  return (request, reply, done) => {
    if (isPreflight(request)) {
      logRefusedOrigin(request, options)
      reply.code(204).send()
      return
    }
    // Any other OPTIONS is refused for its method, and not first for the type of its body.
    if (request.method === 'OPTIONS') delete request.headers['content-type']
    done()
  }
}

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
