import type { FastifyInstance } from 'fastify'
import { countForeign, limitAddresses, type AddressLimit, type Limit } from './rate-limits.js'
import { isForeign, type Origins } from './cors.js'

export interface VisitorsOptions {
  origins: Origins
  limits: {
    address: Limit
    /** What pages of others make an address ask for. */
    foreign: Limit
  }
}

/**
 * Limits a scope that is open to everybody. A page of others may have its visitor's browser ask for anything in it, as for an image.
 * @returns the hook that counts, for what does not go by way of hooks
 */
export async function limitVisitors (scope: FastifyInstance, { origins, limits }: VisitorsOptions): Promise<AddressLimit['count']> {
  const limit = await limitAddresses(scope, limits.address)
  const count: AddressLimit['count'] = (request, reply) => isForeign(request, origins) ? countForeign(limits.foreign, request) : limit.count(request, reply)
  scope.addHook('onRequest', count)
  return count
}
