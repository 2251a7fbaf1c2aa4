import type { FastifyRequest } from 'fastify'
import { problem } from '../problems.js'
import type { Origins } from './origins.js'
import type { AddressLimit } from './rate-limits.js'
import { logRefusedOrigin, type RefusedOriginOptions } from './refused-origins.js'
import type { RequestStep } from './request-step.js'

export interface CrossSiteOptions extends RefusedOriginOptions {
  addressLimit: AddressLimit
}

/** Refuses requests from pages of other origins. Runs before the address limit, so that such a page does not use up its visitor's limit. */
export function rejectCrossSite (options: CrossSiteOptions): RequestStep {
  const { origins, addressLimit } = options
  return (request, reply) => {
    if (!isRefused(request, origins)) return
    logRefusedOrigin(request, options)
    return addressLimit.show(request, reply).then(() => { throw problem('origin-refused') })
  }
}

/**
 * Whether a page sends the request that must not, or without its user's knowledge: a form, an image or a link sends the credentials that
 * the browser has stored. Pages cannot set the `Sec-Fetch-…` headers, and programs do not send them. https://www.w3.org/TR/fetch-metadata/
 */
function isRefused (request: FastifyRequest, origins: Origins): boolean {
  const { 'sec-fetch-mode': mode } = request.headers
  return isCrossSite(request, origins) || (mode !== undefined && mode !== 'cors' && mode !== 'same-origin')
}

/** Whether the headers show that a page of an unlisted origin sends the request. */
export function isCrossSite ({ headers, raw }: FastifyRequest, origins: Origins): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined) return !origins.has(origin)
  if (site === undefined || site === 'none') return false
  // Browsers omit Origin for a GET to the page's own origin. Then Host names that origin, which in DNS rebinding is the attacker's.
  return site !== 'same-origin' || !isOwnHost(String(raw.headers.host ?? raw.headers[':authority']), origins)
}

/** Accepts both schemes, because a proxy may terminate TLS. */
function isOwnHost (host: string, origins: Origins): boolean {
  return ['http', 'https'].map(scheme => `${scheme}://${host}`).some(url => URL.canParse(url) && origins.has(new URL(url).origin))
}
