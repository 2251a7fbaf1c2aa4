import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OncePerMinute } from '../limits/lines.js'
import { invalidRequest, Problem, problem, problemBody, type ProblemCode, type SchemaError } from '../problems.js'
import { auditRefusal, type AuditRefusalOptions } from './audit-refusals.js'
import { hasHungUp } from './hang-up.js'
import { challengesOf, withoutPasswords, type IdentifyOptions } from './identify.js'
import { recordRequest, type RequestEndOptions } from './request-end.js'

/** Errors of Fastify and its plugins that the request caused, by their code. */
const requestFaults: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request-invalid',
  FST_BASIC_AUTH_MISSING_OR_BAD_AUTHORIZATION_HEADER: 'credentials-wrong'
}

/** The status that nginx logs for a client that disconnected. */
const CLIENT_CLOSED_REQUEST = 499

export interface ErrorHandlerOptions extends AuditRefusalOptions, RequestEndOptions, IdentifyOptions {}

/** The only place that turns errors into answers. Writes the audit line first; if that fails, answers with that failure. */
export function answerErrors (scope: FastifyInstance, options: ErrorHandlerOptions): void {
  scope.setErrorHandler(async (error: FastifyError | Problem, request, reply) => {
    let refusal = asProblem(error)
    const hungUp = refusal.code === 'internal' && isHangUp(refusal.options.cause) && hasHungUp(reply)
    request.problemCode = hungUp ? 'hung-up' : refusal.code
    try {
      // Also after a disconnect, so that a guess is recorded even if its client hangs up.
      await auditRefusal(request, request.problemCode, options)
    } catch (failure) {
      refusal = asProblem(failure)
      request.problemCode = refusal.code
    }
    if (refusal.status >= 500 && !hungUp) logFailure(request, refusal, options.lines.rare)
    if (!hasHungUp(reply)) return sendProblem(reply, refusal, options)
    reply.code(hungUp ? CLIENT_CLOSED_REQUEST : refusal.status).hijack()
    // No response is sent, so no hook runs.
    recordRequest(request, reply, options)
    return reply
  })
}

/**
 * Logs failures that the operator must fix; 4xx are the caller's. An outage is logged once a minute, because anybody can cause any number
 * of requests. An internal error is logged each time, under the `requestId` of its answer.
 */
function logFailure (request: FastifyRequest, { code, options: { cause } }: Problem, rare: OncePerMinute): void {
  const skipped = code === 'internal' ? 0 : rare.take(`${code} ${cause instanceof Error ? cause.message : ''}`)
  if (skipped === undefined) return
  const level = code === 'overloaded' ? 'warn' : 'error'
  request.log[level]({ requestId: request.id, traceId: request.trace?.traceId, err: cause, code, skipped: skipped || undefined }, 'request failed')
}

/** The errors with which waiting ends when the client disconnects: by its signal, or by an incomplete body. */
function isHangUp (cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'AbortError' || (cause as NodeJS.ErrnoException).code === 'ECONNRESET')
}

function sendProblem (reply: FastifyReply, refusal: Problem, { schemes }: IdentifyOptions): FastifyReply {
  const { request } = reply
  const { code, status, options: { retryAfter, headers } } = refusal
  if (status === 401) reply.header('WWW-Authenticate', challengesOf(request, code, schemes))
  if (retryAfter !== undefined) reply.header('Retry-After', Math.max(1, Math.ceil(retryAfter)))
  if (headers) reply.headers(headers)
  // RFC 9113 §8.2.2: HTTP/2 has no Connection header. Fastify sets one where it stops reading a body.
  if (request.raw.httpVersionMajor === 2) reply.removeHeader('Connection')
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problemBody(withoutPasswords(request, refusal, schemes), request.id)))
}

/** Returns a problem as it is, maps an error that the request caused to its problem, and anything else to an internal error. */
function asProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  // Anything can be thrown, even undefined.
  const { validation, validationContext, code = '' } = Object(error) as Partial<FastifyError>
  if (validation !== undefined) return invalidRequest(validation as SchemaError[], validationContext!)
  return problem(requestFaults[code] ?? 'internal', { cause: error })
}
