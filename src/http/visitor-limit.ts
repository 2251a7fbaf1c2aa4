import { isCrossSite } from './cross-site.js'
import type { Origins } from './origins.js'
import { tooMany, type AddressLimit, type Limit } from './rate-limits.js'
import { countAddress } from './rate-limit-store.js'
import type { RequestStep } from './request-step.js'

export interface VisitorLimitOptions {
  origins: Origins
  addressLimit: AddressLimit
  /** `crossSite`: of requests that pages of other origins make. */
  limits: { crossSite: Limit }
}

/**
 * Counts a request where nobody has to sign in. A page of another origin can have its visitor's browser send any number of
 * them, as for an image: these are counted apart, so that they spend nothing of the visitor's own limit.
 */
export function limitVisitor ({ origins, addressLimit, limits: { crossSite } }: VisitorLimitOptions): RequestStep {
  return async (request, reply) => {
    if (!isCrossSite(request, origins)) return addressLimit.count(request, reply)
    const { exceeded, resetMs } = await countAddress(crossSite.counters, request.address, crossSite.max)
    if (exceeded) throw tooMany(resetMs)
  }
}
