import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Lines } from '../limits/lines.js'
import { printable } from '../lib/printable.js'
import { inventedMethods } from './request-target.js'

/** Maximum characters of method and path in the log. Any client chooses both; over HTTP/2 a method may be any word. */
const MAX_CHARACTERS = { method: 32, path: 256 }

/** A request that takes longer is logged, although the audit has a line for it. */
const SLOW_MS = 1000

export interface RequestLogOptions {
  lines: Lines
  /** Logs each request at the level `info`. Otherwise those with a line in the audit are logged at `debug`. */
  logsAllRequests: boolean
}

/**
 * Logs a request, if its level is on. Omits the query, because people put passwords there. Limits the lines a minute of an address that has
 * not signed in, because it can send any number of requests that are refused early.
 */
export function logRequest (
  request: FastifyRequest,
  reply: FastifyReply,
  ms: number,
  { lines: { log, rare }, logsAllRequests }: RequestLogOptions
): void {
  const level = logsAllRequests || isOnlyInLog(request, reply, ms) ? 'info' : 'debug'
  if (!isOn(request.log, level)) return
  if (request.caller === null && !log.take(request.address)) {
    if (rare.take('request') !== undefined) request.log.warn({ address: request.address, skipped: log.skipped }, 'an address asks more than is logged; its requests are only counted until the minute ends')
    return
  }
  request.log[level]({
    requestId: request.id,
    traceId: request.trace?.traceId,
    method: printable(inventedMethods.get(request.raw) ?? request.method, MAX_CHARACTERS.method),
    path: printable(request.url.split('?', 1)[0]!, MAX_CHARACTERS.path),
    product: request.routeOptions.config.product,
    status: reply.statusCode,
    code: request.problemCode ?? undefined,
    ms: Math.round(ms * 10) / 10,
    // Only a verified name: people sometimes type the password as their name.
    caller: (request.caller ?? request.session?.caller)?.name
  }, 'request')
}

/** Whether the log says something that the audit does not: it has no line for the request, or the broker failed or was slow. */
function isOnlyInLog ({ isAudited, routeOptions }: FastifyRequest, { statusCode }: FastifyReply, ms: number): boolean {
  return !isAudited || statusCode >= 500 || ms > SLOW_MS || routeOptions.config.kind === 'operators'
}

/** Whether a logger writes lines of a level. One that cannot say, such as an application's own, is handed all of them. */
function isOn (logger: FastifyBaseLogger & { isLevelEnabled?: (level: string) => boolean }, level: string): boolean {
  return logger.isLevelEnabled?.(level) ?? true
}
