import { Type } from '../../lib/typebox.js'
import { problems, type ProblemCode } from '../../problems.js'
import type { Described, Kind } from './routes.js'

const codes = Object.keys(problems) as ProblemCode[]

/** What several routes answer, as `components/schemas`. */
export const schemas = {
  Token: Type.Object({
    token: Type.String({ description: 'the Twilio access token, for the SDK' }),
    identity: Type.String({ description: 'the name inside the token' }),
    expiresIn: Type.Integer({ description: 'seconds' }),
    expiresAt: Type.String({ format: 'date-time' }),
    products: Type.Optional(Type.Array(Type.String(), { description: 'of one token for several: which' }))
  }),
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

/** All that an operation answers, by status: each refusal with its codes and the sentence of each. */
export function answersOf (kind: Kind, answer: object = refTo('Token'), otherwise: Described['otherwise'] = {}): Record<string, object> {
  const sentences: Record<string, string[]> = {}
  for (const code of codes) {
    const { status, detail } = problems[code]
    if (refusals[kind].includes(code)) (sentences[status] ??= []).push(`${code}: ${detail}`)
  }
  return {
    200: { description: 'Done.', content: { [typeOf(answer)]: { schema: answer } } },
    ...Object.fromEntries(Object.entries(otherwise).map(([status, { says, schema }]) => [
      status, { description: says, content: { 'application/json': { schema } } }
    ])),
    ...Object.fromEntries(Object.entries(sentences).map(([status, lines]) => [
      status, { description: lines.join('\n'), content: { 'application/problem+json': { schema: refTo('Problem') } } }
    ]))
  }
}

/** What is no object is text. */
function typeOf (answer: object): string {
  return 'type' in answer && answer.type === 'string' ? 'text/plain' : 'application/json'
}
