import { Type } from '../../lib/typebox.js'
import { problems, type ProblemCode } from '../../problems.js'
import { tokenAnswer } from '../../products/schemas.js'
import type { Described, Kind } from './routes.js'

const codes = Object.keys(problems) as ProblemCode[]

/** What several routes answer, as `components/schemas`. */
export const schemas = {
  Token: tokenAnswer,
  // RFC 9457
  Problem: Type.Object({
    type: Type.Literal('about:blank'),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what happened and what to do, for a person to read' }),
    code: Type.String({ enum: codes, description: 'what a program goes by' }),
    errors: Type.Optional(Type.Array(Type.Object({
      path: Type.String({ description: 'a JSON Pointer into the body, or ? for the query' }),
      message: Type.String()
    }), { description: 'one entry for each property at fault' })),
    requestId: Type.String({ description: 'under which the operator finds the request' })
  })
}

const refTo = (name: keyof typeof schemas) => ({ $ref: `#/components/schemas/${name}` })

const forCallers: ProblemCode[] = [
  'request-invalid', 'credentials-missing', 'credentials-wrong', 'origin-refused', 'headers-too-large',
  'rate-limited', 'login-limited', 'internal', 'store-unavailable', 'overloaded', 'audit-unavailable', 'limiter-unavailable'
]

const refusals: Record<Kind, ProblemCode[]> = {
  anyone: [],
  callers: forCallers,
  operators: [...forCallers, 'not-allowed'],
  tokens: [...forCallers, 'not-allowed', 'product-unknown', 'body-too-large', 'media-type', 'identity-unsuitable', 'caller-limited']
}

/**
 * All that an operation answers, by status: each refusal with its codes and the sentence of each.
 * @param response the schemas of what is no refusal, by status; the `description` of one says what it means
 */
export function answersOf (kind: Kind, response: Described['response']): Record<string, object> {
  const sentences: Record<string, string[]> = {}
  for (const code of codes) {
    const { status, detail } = problems[code]
    if (refusals[kind].includes(code)) (sentences[status] ??= []).push(`${code}: ${detail}`)
  }
  return {
    ...Object.fromEntries(Object.entries(response).map(([status, schema]) => [
      status, { description: schema.description ?? 'Done.', content: { [typeOf(schema)]: { schema: schema === tokenAnswer ? refTo('Token') : schema } } }
    ])),
    ...Object.fromEntries(Object.entries(sentences).map(([status, lines]) => [
      status, { description: lines.join('\n'), content: { 'application/problem+json': { schema: refTo('Problem') } } }
    ]))
  }
}

/** What is no object is text. */
function typeOf (schema: object): string {
  return 'type' in schema && schema.type === 'string' ? 'text/plain' : 'application/json'
}
