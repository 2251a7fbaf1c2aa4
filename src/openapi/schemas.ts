import { Type } from '../type.js'
import { problems, type ProblemCode } from '../problems.js'

const codes = Object.keys(problems) as ProblemCode[]

/** What the API answers, as `components/schemas`. Descriptions are what a reader of `/docs` sees. */
export const schemas = {
  Token: Type.Object({
    token: Type.String({ description: 'the Twilio access token, for the SDK' }),
    identity: Type.String({ description: 'the name inside the token' }),
    expiresIn: Type.Integer({ description: 'seconds' }),
    expiresAt: Type.String({ format: 'date-time' }),
    products: Type.Optional(Type.Array(Type.String(), { description: 'where one token is for several: which' }))
  }),
  Problem: Type.Object({
    type: Type.Literal('about:blank'),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what happened and what to do, for a person to read' }),
    code: Type.String({ enum: codes, description: 'what a program goes by' }),
    errors: Type.Optional(Type.Array(Type.Object({
      path: Type.String({ description: 'a JSON Pointer into the body, or ? and a name of the query' }),
      message: Type.String()
    }), { description: 'one entry for each property at fault' })),
    requestId: Type.String({ description: 'under which the operator finds the request' })
  })
}

export const refTo = (name: keyof typeof schemas) => ({ $ref: `#/components/schemas/${name}` })

/** What can befall every request of a caller, and what only those for tokens. */
const forCallers: ProblemCode[] = ['request-invalid', 'credentials-missing', 'credentials-wrong', 'origin-refused', 'rate-limited', 'login-limited', 'headers-too-large', 'internal', 'store-unavailable', 'overloaded', 'limiter-unavailable']
const forTokens: ProblemCode[] = [...forCallers, 'not-allowed', 'product-unknown', 'body-too-large', 'media-type', 'identity-unsuitable', 'caller-limited', 'audit-unavailable']
const forOperators: ProblemCode[] = [...forCallers, 'not-allowed']

export const refusals = { callers: forCallers, tokens: forTokens, operators: forOperators }

/** Refusals as OpenAPI has them: by status, each with its codes and their sentences. */
export function refusalAnswers (possible: readonly ProblemCode[]): Record<string, object> {
  const byStatus: Record<string, string[]> = {}
  for (const code of codes.filter(code => possible.includes(code))) (byStatus[problems[code].status] ??= []).push(`${code}: ${problems[code].detail}`)
  return Object.fromEntries(Object.entries(byStatus).map(([status, sentences]) => [status, {
    description: sentences.join('\n'),
    content: { 'application/problem+json': { schema: refTo('Problem') } }
  }]))
}
