import { isCrossSite } from './cross-site.js'
import type { Origins } from './origins.js'
import { tooMany, type AddressLimit, type Limit } from './rate-limits.js'
import { countAddress } from './rate-limit-store.js'
import type { RequestStep } from './request-step.js'

export interface VisitorLimitOptions {
  origins: Origins
  addressLimit: AddressLimit
  /** `crossSite` is for requests of pages of other origins. */
  limits: { crossSite: Limit }
}

/**
 * Counts requests of routes without a login. A page of another origin can make its visitor's browser send any number of them, for example
 * for images: these are counted separately, so that they do not use up the visitor's own limit.
 */
export function limitVisitor ({ origins, addressLimit, limits: { crossSite } }: VisitorLimitOptions): RequestStep {
  return async (request, reply) => {
    if (!isCrossSite(request, origins)) return addressLimit.count(request, reply)
    const { exceeded, resetMs } = await countAddress(crossSite.counters, request.address, crossSite.max)
    if (exceeded) throw tooMany(resetMs)
  }
}
