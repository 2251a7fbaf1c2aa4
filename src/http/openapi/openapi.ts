import type { FastifyInstance } from 'fastify'
import type { Caller, NameList } from '../../caller.js'
import type { Policy } from '../../policy/policy.js'
import { Type } from '../../lib/typebox.js'
import { noQuery } from '../../products/schemas.js'
import type { Scheme } from '../scheme.js'
import { documentOf } from './document.js'
import type { RouteDescription } from './routes.js'

export interface OpenApiOptions {
  policy: Policy
  operators: NameList
  routes: readonly RouteDescription[]
  schemes: readonly Scheme[]
}

/** `GET /openapi.json`: every operation that is enabled, and whether the caller may use it. */
export function openApiRoute (scope: FastifyInstance, options: OpenApiOptions): void {
  const schema = { summary: 'This document', response: { 200: Type.Object({}) }, querystring: noQuery }
  scope.get('/openapi.json', { schema }, async ({ caller }) => documentOf(options.routes, options.schemes, route => mayAsk(caller!, route, options)))
}

/** Whether the caller may get anything of a route. What exactly depends on the request. */
function mayAsk (caller: Caller, { kind, product }: RouteDescription, { policy, operators }: Pick<OpenApiOptions, 'policy' | 'operators'>): boolean {
  if (kind === 'operators') return operators.has(caller)
  if (product === undefined || policy.mode === 'audit') return true
  return policy.ruleFor(caller)?.allow(product) !== undefined
}
