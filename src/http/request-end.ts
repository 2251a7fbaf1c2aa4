import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Lines } from '../limits/lines.js'
import { printable } from '../lib/printable.js'
import type { Metrics } from '../monitoring/metrics.js'
import { inventedMethods } from './request-target.js'

/** Maximum characters of method and path in the log. Strangers choose both; over HTTP/2 a method may be any word. */
const MAX_CHARACTERS = { method: 32, path: 256 }

export interface RequestEndOptions {
  metrics: Metrics
  lines: Lines
}

/** Counts and logs each request whose answer has been sent. */
export function recordEnds (scope: FastifyInstance, options: RequestEndOptions): void {
  scope.addHook('onResponse', (request, reply, done) => {
    // Over HTTP/2 this hook also runs if the client disconnected before the answer.
    if (reply.raw.writableEnded) recordRequest(request, reply, options)
    done()
  })
}

/** Counts and logs a request that has ended, with or without an answer. */
export function recordRequest (request: FastifyRequest, reply: FastifyReply, { metrics, lines }: RequestEndOptions): void {
  metrics.count({
    route: request.routeOptions.url,
    seconds: reply.elapsedTime / 1000,
    problemCode: request.problemCode,
    grantedProducts: request.grantedProducts,
    via: request.scheme?.via
  })
  logRequest(request, reply, lines)
}

/**
 * Logs one line a request. Omits the query, because people put passwords there. Limits the lines a minute of an address that has not signed in, because
 * it can send any number of requests that are refused early.
 */
function logRequest (request: FastifyRequest, reply: FastifyReply, { log, rare }: Lines): void {
  if (request.caller === null && !log.take(request.address)) {
    if (rare.take('request') !== undefined) request.log.warn({ address: request.address, skipped: log.skipped }, 'an address asks more than is logged; its requests are only counted until the minute ends')
    return
  }
  request.log.info({
    requestId: request.id,
    traceId: request.trace?.traceId,
    method: printable(inventedMethods.get(request.raw) ?? request.method, MAX_CHARACTERS.method),
    path: printable(request.url.split('?', 1)[0]!, MAX_CHARACTERS.path),
    product: request.routeOptions.config.product,
    status: reply.statusCode,
    code: request.problemCode ?? undefined,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    // Only a verified name: people sometimes type the password as their name.
    caller: (request.caller ?? request.session?.caller)?.name
  }, 'request')
}
