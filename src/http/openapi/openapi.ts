import type { FastifyInstance } from 'fastify'
import type { Caller, NameList } from '../../caller.js'
import { allowanceOf, type Allowance } from '../../policy/allowance.js'
import type { DecisionOptions } from '../../policy/decide.js'
import { Type } from '../../lib/typebox.js'
import { noQuery } from '../../products/schemas.js'
import type { Scheme } from '../scheme.js'
import { documentOf } from './document.js'
import type { RouteDescription } from './routes.js'

export interface OpenApiOptions extends Pick<DecisionOptions, 'policy' | 'ttl'> {
  operators: NameList
  /** Products whose entries in the policy hold nothing but patterns and switches, which their callers may read. */
  builtInProducts: ReadonlySet<string>
  /** Whether the secrets are made up, so that Twilio refuses the tokens. */
  demo?: boolean | undefined
  routes: readonly RouteDescription[]
  schemes: readonly Scheme[]
}

/** `GET /openapi.json`: every operation that is enabled, and whether the caller may use it. */
export function openApiRoute (scope: FastifyInstance, options: OpenApiOptions): void {
  const schema = { summary: 'This reference as OpenAPI 3.1, with what its reader may have', response: { 200: Type.Object({}) }, querystring: noQuery }
  scope.get('/openapi.json', { schema }, async ({ caller }) => {
    const allowance = allowanceOf(options, caller!)
    return { ...documentOf(options.routes, options.schemes, route => allowedOf(caller!, route, allowance, options)), 'x-caller': describe(caller!, allowance), ...(options.demo && { 'x-demo': true }) }
  })
}

function describe ({ name, identity }: Caller, { ttl, maxTtl, identities }: Allowance) {
  return { name, identity, ttl, maxTtl, identities }
}

/** Whether the caller may get anything of a route and, of a product's, within which bounds. */
function allowedOf (
  caller: Caller,
  { kind, product }: RouteDescription,
  { productEntry }: Allowance,
  { operators, builtInProducts }: Pick<OpenApiOptions, 'operators' | 'builtInProducts'>
) {
  if (kind === 'operators') return { 'x-allowed': operators.has(caller) }
  if (product === undefined) return { 'x-allowed': true }
  const entry = productEntry(product)
  return { 'x-allowed': entry !== undefined, ...(entry !== undefined && builtInProducts.has(product) && { 'x-allow': entry }) }
}
