import { Type } from '../../lib/typebox.js'
import { problems, type ProblemCode } from '../../problems.js'
import { tokenAnswer } from '../../products/schemas.js'
import { withExample } from './examples.js'
import type { RouteDescription, Kind } from './routes.js'

const codes = Object.keys(problems) as ProblemCode[]

/** The `components/schemas` of the document: what several routes answer. */
export const schemas = {
  Token: tokenAnswer,
  // RFC 9457
  Problem: Type.Object({
    type: Type.Literal('about:blank', { description: 'always this: the code says what happened' }),
    title: Type.String({ description: 'the status in words', examples: ['Unauthorized'] }),
    status: Type.Integer({ description: 'the status of HTTP', examples: [401] }),
    detail: Type.String({ description: 'what happened and what to do, for people', examples: [problems['credentials-wrong'].detail] }),
    code: Type.String({ enum: codes, description: 'what happened, for programs', examples: ['credentials-wrong'] }),
    errors: Type.Optional(Type.Array(Type.Object({
      path: Type.String({ description: 'a JSON Pointer into the body, or ? for the query' }),
      message: Type.String({ description: 'what is wrong with it' })
    }), { description: 'one entry for each wrong property' })),
    now: Type.Optional(Type.Integer({ description: 'of proof-stale: the broker\'s time in seconds since 1970' })),
    requestId: Type.String({ description: 'the operator finds the request in the log and the audit by this', examples: ['0b9c8e6a-5d1f-4f0e-9a3b-2c7d8e9f0a1b'] })
  })
}

const refTo = (name: keyof typeof schemas) => ({ $ref: `#/components/schemas/${name}` })

const forCallers: ProblemCode[] = [
  'request-invalid', 'credentials-missing', 'credentials-wrong', 'origin-refused', 'headers-too-large',
  'rate-limited', 'login-limited', 'internal', 'store-unavailable', 'overloaded', 'audit-unavailable', 'limiter-unavailable'
]

const ofSessions: ProblemCode[] = ['session-ended', 'proof-stale', 'proof-replayed', 'proof-wrong']

/** The refusals that come with a scheme. */
const ofSchemes: Record<string, ProblemCode[]> = {
  dpop: ofSessions,
  bearer: ['bearer-wrong', 'bearer-expired', 'bearer-misdirected', 'not-allowed', 'identity-unsuitable', 'keys-unavailable']
}

const refusals: Record<Kind, ProblemCode[]> = {
  anyone: [],
  callers: forCallers,
  sessions: [...forCallers, ...ofSessions, 'body-too-large', 'media-type', 'identity-unsuitable'],
  operators: [...forCallers, 'not-allowed'],
  tokens: [...forCallers, 'not-allowed', 'product-unknown', 'body-too-large', 'media-type', 'identity-unsuitable', 'caller-limited']
}

/**
 * The answers of an operation by status. A refusal's description lists its codes with their sentences; other answers are described by the
 * `description` of their schema.
 */
export function answersOf ({ kind, response }: RouteDescription, schemes: readonly string[]): Record<string, object> {
  const sentences: Record<string, string[]> = {}
  const refused = [...refusals[kind], ...schemes.flatMap(name => ofSchemes[name] ?? [])]
  for (const code of codes) {
    const { status, detail } = problems[code]
    if (refused.includes(code)) (sentences[status] ??= []).push(`${code}: ${detail}`)
  }
  return {
    ...Object.fromEntries(Object.entries(response).map(([status, schema]) => [
      status, { description: schema.description ?? 'Done.', ...contentOf(schema) }
    ])),
    ...Object.fromEntries(Object.entries(sentences).map(([status, lines]) => [
      status, { description: lines.join('\n'), content: { 'application/problem+json': { schema: refTo('Problem') } } }
    ]))
  }
}

/** Null is none. */
function contentOf (schema: object): object {
  if ('type' in schema && schema.type === 'null') return {}
  return { content: { [typeOf(schema)]: { ...withExample(schema), ...(schema === tokenAnswer && { schema: refTo('Token') }) } } }
}

/** A string is sent as text, anything else as JSON. */
function typeOf (schema: object): string {
  return 'type' in schema && schema.type === 'string' ? 'text/plain' : 'application/json'
}
