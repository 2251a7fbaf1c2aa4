import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OncePerMinute } from '../limits/lines.js'
import { invalidRequest, Problem, problem, problemBody, type ProblemCode, type RefusalCode, type SchemaError } from '../problems.js'
import { hasHungUp } from './request-context.js'

/** Errors of Fastify and its plugins that are the request's fault, by their code. */
const foreign: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request-invalid',
  FST_BASIC_AUTH_MISSING_OR_BAD_AUTHORIZATION_HEADER: 'credentials-wrong'
}

/** RFC 7617 §2.1: the challenge says that names and passwords come as UTF-8. */
const challenge = 'Basic realm="twilio-token-broker", charset="UTF-8"'

export interface Refusals {
  /** Called with every refusal before it is sent; what it throws is sent in its place. */
  onRefusal (request: FastifyRequest, code: RefusalCode): Promise<void>
  /** Called where the client left before its answer, so that no response ends. */
  onHangUp (request: FastifyRequest, reply: FastifyReply): void
  rare: OncePerMinute
}

/** The one place where errors become answers. */
export function answerProblems (scope: FastifyInstance, { onRefusal, onHangUp, rare }: Refusals): void {
  scope.setErrorHandler(async (error: FastifyError | Problem, request, reply) => {
    let refused = asProblem(error)
    const hungUp = refused.code === 'internal' && isHangUp(refused.options.cause) && hasHungUp(reply)
    request.refusedAs = hungUp ? 'hung-up' : refused.code
    try {
      // Before it is asked whether anybody is there: who guesses and leaves is on record, too.
      await onRefusal(request, request.refusedAs)
    } catch (failure) {
      refused = asProblem(failure)
      request.refusedAs = refused.code
    }
    if (refused.status >= 500 && !hungUp) logFailure(request, refused, rare)
    if (!hasHungUp(reply)) return sendProblem(reply, request.id, refused)
    reply.code(hungUp ? clientClosed : refused.status).hijack()
    onHangUp(request, reply)
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
  request.log[level]({ reqId: request.id, err: cause, code, skipped: skipped || undefined }, 'request failed')
}

/** What nginx writes into its log for a client that left. */
const clientClosed = 499

/** How waiting ends when the client leaves: by its signal, or where its body breaks off. */
function isHangUp (cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'AbortError' || (cause as NodeJS.ErrnoException).code === 'ECONNRESET')
}

function sendProblem (reply: FastifyReply, requestId: string, refused: Problem): FastifyReply {
  const { status, options: { retryAfter, headers } } = refused
  if (status === 401) reply.header('WWW-Authenticate', challenge)
  if (retryAfter !== undefined) reply.header('Retry-After', Math.max(1, Math.ceil(retryAfter)))
  if (headers) reply.headers(headers)
  // RFC 9113 §8.2.2: HTTP/2 has no Connection header. Fastify sets one where it stops reading a body.
  if (reply.request.raw.httpVersionMajor === 2) reply.removeHeader('Connection')
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problemBody(refused, requestId)))
}

/** A problem as it is, an error that is the request's fault as its problem, and anything else as the broker's own failure. */
function asProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  const { validation, validationContext, code = '' } = (error ?? {}) as Partial<FastifyError>
  if (validation !== undefined) return invalidRequest(validation as SchemaError[], validationContext!)
  return problem(foreign[code] ?? 'internal', { cause: error })
}
