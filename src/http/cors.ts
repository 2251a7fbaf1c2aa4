import cors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Origins } from './origins.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of @fastify/cors: whether its route for OPTIONS answers the request. */
    corsPreflightEnabled: boolean
  }
}

/** Makes every answer readable for pages of the listed origins. */
export async function registerCors (scope: FastifyInstance, { origins }: { origins: Origins }): Promise<void> {
  await scope.register(cors, {
    // With `false` the plugin would leave a refused preflight to the routes. With an empty list it answers 204 and allows nothing.
    origin: (origin, done) => done(null, origin !== undefined && origins.has(origin) ? origin : []),
    methods: 'GET, POST',
    allowedHeaders: 'Authorization, Content-Type',
    exposedHeaders: 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id',
    maxAge: 600,
    strictPreflight: false,
    preflightContinue: true
  })
}

/** Answers a preflight: without credentials, and before any limit. */
export function answerPreflight (): onRequestHookHandler {
  return (request, reply, done) => {
    if (isPreflight(request)) {
      reply.code(204).send()
      return
    }
    // The plugin takes every OPTIONS for a preflight.
    if (request.method === 'OPTIONS') {
      request.corsPreflightEnabled = false
      for (const header of preflightOnly) reply.removeHeader(header)
      // It is refused in any case, and not for the type of its body.
      delete request.headers['content-type']
    }
    done()
  }
}

const preflightOnly = ['Access-Control-Allow-Methods', 'Access-Control-Allow-Headers', 'Access-Control-Max-Age']

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
