import cors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'

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
 * Whether a page asks that may not, with or without its user's consent: a form, an image or a link sends the credentials
 * that the browser remembers. Pages cannot set the headers `Sec-Fetch-…`; programs do not send them.
 * https://www.w3.org/TR/fetch-metadata/
 */
export function isRefused (request: FastifyRequest, origins: Origins): boolean {
  const { 'sec-fetch-mode': mode } = request.headers
  return isForeign(request, origins) || (mode !== undefined && mode !== 'cors' && mode !== 'same-origin')
}

/** Whether it comes from a page of an origin that may not ask, as far as its headers tell. */
export function isForeign ({ headers, raw }: FastifyRequest, origins: Origins): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined) return !origins.has(origin)
  if (site === undefined || site === 'none') return false
  // Browsers leave out the Origin of a GET to the page's own address, and Host is then that address: behind DNS rebinding, the attacker's.
  return site !== 'same-origin' || !isOwnHost(String(raw.headers.host ?? raw.headers[':authority']), origins)
}

/** In either scheme, as TLS may end before the broker. */
function isOwnHost (host: string, origins: Origins): boolean {
  return ['http', 'https'].map(scheme => `${scheme}://${host}`).some(url => URL.canParse(url) && origins.has(new URL(url).origin))
}
