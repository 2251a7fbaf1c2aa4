import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** Raw requests that came through an application around the broker, with the application's own request object. */
const hostRequests = new WeakMap<IncomingMessage, FastifyRequest>()

/** Remembers the application's own request object, before the broker handles the raw request. */
export function linkHostRequest (request: FastifyRequest): void {
  hostRequests.set(request.raw, request)
}

/** The application's own request object, where the broker is embedded in an application. */
export function hostRequest (raw: IncomingMessage): FastifyRequest | undefined {
  return hostRequests.get(raw)
}
