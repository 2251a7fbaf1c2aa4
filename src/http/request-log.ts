import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Lines } from '../limits/lines.js'
import { printable } from '../lib/printable.js'
import { inventedMethods } from './request-context.js'

/** Characters of a method and of a path in the log. Strangers choose both; in HTTP/2 a method may be any word. */
const longest = { method: 32, path: 256 }

/**
 * Writes one line a request. The path's query is left out: people put passwords there. Of strangers, who can ask for signs of life and refusals without
 * end, one address has so many lines a minute.
 */
export function logRequest (request: FastifyRequest, reply: FastifyReply, { log, rare }: Lines): void {
  if (request.caller === null && !log.take(request.address)) {
    if (rare.take('request') !== undefined) request.log.warn({ address: request.address, skipped: log.skipped }, 'an address asks more than is logged; its requests are only counted until the minute ends')
    return
  }
  request.log.info({
    reqId: request.id,
    method: printable(inventedMethods.get(request.raw) ?? request.method, longest.method),
    path: printable(request.url.split('?', 1)[0]!, longest.path),
    product: request.routeOptions.config.product,
    status: reply.statusCode,
    code: request.refusedAs ?? undefined,
    ms: Math.round(reply.elapsedTime * 10) / 10
  }, 'request')
}
