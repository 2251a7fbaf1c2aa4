import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OncePerMinute } from '../limits/lines.js'
import { invalidRequest, Problem, problem, problemBody, type ProblemCode, type SchemaError } from '../problems.js'
import { auditRefusal, type AuditRefusalOptions } from './audit-refusals.js'
import { hasHungUp } from './hang-up.js'
import { challengesOf, type IdentifyOptions } from './identify.js'
import { recordRequest, type RequestEndOptions } from './request-end.js'

/** Errors of Fastify and its plugins that are the request's fault, by their code. */
const requestFaults: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request-invalid',
  FST_BASIC_AUTH_MISSING_OR_BAD_AUTHORIZATION_HEADER: 'credentials-wrong'
}

/** The status that nginx logs for a client that left. */
const CLIENT_CLOSED_REQUEST = 499

export interface ErrorHandlerOptions extends AuditRefusalOptions, RequestEndOptions, IdentifyOptions {}

/** Turns errors into answers, here alone. The audit's line is written first; where it cannot be, that is the answer. */
export function answerErrors (scope: FastifyInstance, options: ErrorHandlerOptions): void {
  scope.setErrorHandler(async (error: FastifyError | Problem, request, reply) => {
    let refusal = asProblem(error)
    const hungUp = refusal.code === 'internal' && isHangUp(refusal.options.cause) && hasHungUp(reply)
    request.problemCode = hungUp ? 'hung-up' : refusal.code
    try {
      // Also where the client has left: a guess that hangs up is on record, too.
      await auditRefusal(request, request.problemCode, options)
    } catch (failure) {
      refusal = asProblem(failure)
      request.problemCode = refusal.code
    }
    if (refusal.status >= 500 && !hungUp) logFailure(request, refusal, options.lines.rare)
    if (!hasHungUp(reply)) return sendProblem(reply, refusal, options)
    reply.code(hungUp ? CLIENT_CLOSED_REQUEST : refusal.status).hijack()
    // No response ends, so no hook does it.
    recordRequest(request, reply, options)
    return reply
  })
}

/**
 * Logs what the operator must mend; 4xx are the caller's. An outage is the same for every request, and anybody can send requests: it has a line a minute.
 * A failure of the broker itself has a line each, under the `requestId` that its answer names.
 */
function logFailure (request: FastifyRequest, { code, options: { cause } }: Problem, rare: OncePerMinute): void {
  const skipped = code === 'internal' ? 0 : rare.take(`${code} ${cause instanceof Error ? cause.message : ''}`)
  if (skipped === undefined) return
  const level = code === 'overloaded' ? 'warn' : 'error'
  request.log[level]({ requestId: request.id, traceId: request.trace?.traceId, err: cause, code, skipped: skipped || undefined }, 'request failed')
}

/** How waiting ends when the client leaves: by its signal, or where its body breaks off. */
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
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problemBody(refusal, request.id)))
}

/** A problem as it is, an error that is the request's fault as its problem, and anything else as the broker's own failure. */
function asProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  // Even undefined can be thrown.
  const { validation, validationContext, code = '' } = Object(error) as Partial<FastifyError>
  if (validation !== undefined) return invalidRequest(validation as SchemaError[], validationContext!)
  return problem(requestFaults[code] ?? 'internal', { cause: error })
}
