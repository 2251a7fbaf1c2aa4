import type { FastifyRequest } from 'fastify'
import { problem } from '../problems.js'
import type { Origins } from './origins.js'
import type { AddressLimit } from './rate-limits.js'
import { logRefusedOrigin, type RefusedOriginOptions } from './refused-origins.js'
import type { RequestStep } from './request-step.js'

export interface CrossSiteOptions extends RefusedOriginOptions {
  addressLimit: AddressLimit
}

/** Refuses pages of other origins. Runs before the address is counted, so that such a page spends nothing of its visitor's limit. */
export function rejectCrossSite (options: CrossSiteOptions): RequestStep {
  const { origins, addressLimit } = options
  return (request, reply) => {
    if (!isRefused(request, origins)) return
    logRefusedOrigin(request, options)
    return addressLimit.show(request, reply).then(() => { throw problem('origin-refused') })
  }
}

/**
 * Whether a page sends the request that may not, or without its user knowing: a form, an image or a link sends the credentials
 * that the browser remembers. Pages cannot set the headers `Sec-Fetch-…`, and programs do not send them.
 * https://www.w3.org/TR/fetch-metadata/
 */
function isRefused (request: FastifyRequest, origins: Origins): boolean {
  const { 'sec-fetch-mode': mode } = request.headers
  return isCrossSite(request, origins) || (mode !== undefined && mode !== 'cors' && mode !== 'same-origin')
}

/** Whether a page of an origin that is not listed sends the request, as far as its headers tell. */
export function isCrossSite ({ headers, raw }: FastifyRequest, origins: Origins): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined) return !origins.has(origin)
  if (site === undefined || site === 'none') return false
  // Browsers leave out Origin for a GET to the page's own address. Host is then that address, which in DNS rebinding is the attacker's.
  return site !== 'same-origin' || !isOwnHost(String(raw.headers.host ?? raw.headers[':authority']), origins)
}

/** In either scheme, as TLS may end at a proxy. */
function isOwnHost (host: string, origins: Origins): boolean {
  return ['http', 'https'].map(scheme => `${scheme}://${host}`).some(url => URL.canParse(url) && origins.has(new URL(url).origin))
}
