import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** The application's request object for each raw request that it forwarded. */
const hostRequests = new WeakMap<IncomingMessage, FastifyRequest>()

/** Stores the application's request object before the broker handles the raw request. */
export function linkHostRequest (request: FastifyRequest): void {
  hostRequests.set(request.raw, request)
}

/** Returns the application's request object; undefined where the broker is the whole server. */
export function hostRequest (raw: IncomingMessage): FastifyRequest | undefined {
  return hostRequests.get(raw)
}
