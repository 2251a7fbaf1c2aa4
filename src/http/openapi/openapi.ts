import type { FastifyInstance } from 'fastify'
import type { Caller, NameList } from '../../caller.js'
import type { Policy } from '../../policy/policy.js'
import { noQuery } from '../../products/schemas.js'
import { documentOf } from './document.js'
import type { Described } from './routes.js'

export interface OpenApiOptions {
  policy: Policy
  operators: NameList
  routes: readonly Described[]
}

/** `GET /openapi.json`: all that is enabled, and of each operation whether it is for the caller. */
export function openApiRoute (scope: FastifyInstance, options: OpenApiOptions): void {
  const schema = { summary: 'This description', answer: { type: 'object' }, querystring: noQuery }
  scope.get('/openapi.json', { schema }, async ({ caller }) => documentOf(options.routes, route => mayAsk(caller!, route, options)))
}

/** Whether it makes sense to ask: what exactly a caller may have depends on what it asks for. */
function mayAsk (caller: Caller, { kind, product }: Described, { policy, operators }: Pick<OpenApiOptions, 'policy' | 'operators'>): boolean {
  if (kind === 'operators') return operators.has(caller)
  if (product === undefined || policy.mode === 'audit') return true
  return policy.ruleFor(caller)?.allow(product) !== undefined
}
