import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Metrics } from '../monitoring/metrics.js'
import { logRequest, type RequestLogOptions } from './request-log.js'

export interface RequestEndOptions extends RequestLogOptions {
  metrics: Metrics
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
export function recordRequest (request: FastifyRequest, reply: FastifyReply, options: RequestEndOptions): void {
  const ms = reply.elapsedTime
  options.metrics.count({
    route: request.routeOptions.url,
    seconds: ms / 1000,
    problemCode: request.problemCode,
    grantedProducts: request.grantedProducts,
    via: request.scheme?.via
  })
  logRequest(request, reply, ms, options)
}
