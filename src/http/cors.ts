import cors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem } from '../problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of @fastify/cors: whether its route for OPTIONS answers the request. */
    corsPreflightEnabled: boolean
  }
}

/** Which pages may ask. */
export interface Origins {
  has (origin: string): boolean
}

/**
 * The broker's own origins: the address it listens on, and the names of loopback with that port. Never what a Host header
 * says: behind DNS rebinding that is the attacker's.
 */
export function ownOrigins (scheme: 'http' | 'https', host: string, port: number): string[] {
  const names = [host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]']
  return names.map(name => new URL(`${scheme}://${name}:${port}`).origin)
}

/** Makes every answer readable for the pages that may ask. */
export async function openToPages (scope: FastifyInstance, origins: Origins): Promise<void> {
  await scope.register(cors, {
    // With `false` the plugin would leave a refused preflight to the routes; an empty list answers 204 and allows nothing.
    origin: (origin, done) => done(null, origin !== undefined && origins.has(origin) ? origin : []),
    methods: 'GET, POST',
    allowedHeaders: 'Authorization, Content-Type',
    exposedHeaders: 'Retry-After, RateLimit, RateLimit-Policy, X-Request-Id',
    maxAge: 600,
    strictPreflight: false,
    preflightContinue: true
  })
}

/** Without credentials, and before any limit. */
export function answerPreflights (scope: FastifyInstance): void {
  scope.addHook('onRequest', (request, reply, done) => {
    if (isPreflight(request)) {
      reply.code(204).send()
      return
    }
    // The plugin takes every OPTIONS for a preflight.
    if (request.method === 'OPTIONS') {
      request.corsPreflightEnabled = false
      for (const header of preflightOnly) reply.removeHeader(header)
      // Whatever it brings is not looked at, and so not refused for its type.
      delete request.headers['content-type']
    }
    done()
  })
}

const preflightOnly = ['Access-Control-Allow-Methods', 'Access-Control-Allow-Headers', 'Access-Control-Max-Age']

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

/**
 * Refuses other pages' requests, with or without their user's consent: a form, an image or a link sends the credentials
 * that the browser remembers. `Sec-Fetch-Mode` is a header that pages cannot set; programs do not send it.
 * https://www.w3.org/TR/fetch-metadata/
 */
export function refuseStrangers (request: FastifyRequest, origins: Origins): void {
  const { origin, 'sec-fetch-mode': mode } = request.headers
  if (origin !== undefined && !origins.has(origin)) throw problem('origin-refused')
  if (mode !== undefined && mode !== 'cors' && mode !== 'same-origin') throw problem('origin-refused')
}
