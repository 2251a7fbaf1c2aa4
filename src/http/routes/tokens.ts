import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import { validatorOf } from '../../lib/ajv.js'
import { isRecord } from '../../lib/is-record.js'
import { Type } from '../../lib/typebox.js'
import { invalidRequest, problem, type Problem } from '../../problems.js'
import type { EnabledProduct } from '../../products/contract.js'
import { noQuery, requestBody } from '../../products/schemas.js'
import type { Combiner } from '../../tokens/combine.js'
import { issue, type IssueOptions } from '../../tokens/issue.js'

export interface TokenRouteOptions extends IssueOptions {
  products: EnabledProduct[]
  combiner: Combiner
}

/** `/token/<product>` for each enabled product, and `POST /token` for several of them. */
export async function tokenRoutes (scope: FastifyInstance, options: TokenRouteOptions): Promise<void> {
  const { products, combiner } = options
  const issueToken = tokenIssuer(options)
  for (const { product } of products) await scope.register(product.plugin, { handler: issueToken })
  scope.post('/', {
    prefixTrailingSlash: 'no-slash',
    config: { credentialsInBody: true, kind: 'tokens' },
    schema: { summary: 'One token for several products', body: combinedBody(products), querystring: noQuery },
    validatorCompiler: ({ schema, httpPart }) => httpPart === 'body' ? body => checkCombined(body, combiner) : validatorOf(schema),
    handler: async function (request, reply) {
      const answer = await issueToken.call(this, request, reply)
      return { ...answer as object, products: request.grantedProducts }
    }
  })
}

/** Signs the token of a request's grants, writes the audit's line, and then answers. */
function tokenIssuer (options: IssueOptions): RouteHandlerMethod {
  return async request => {
    const requester = { requestId: request.id, ip: request.address, origin: request.headers.origin, caller: request.caller!.name }
    const answer = await issue(options, requester, request.decision!, request.grants!)
    request.grantedProducts = request.grants!.map(({ product }) => product.name)
    return answer
  }
}

/** Answers 404 below `/token`, which only callers get to see. */
export function rejectUnknownProducts (scope: FastifyInstance): void {
  const unknown = () => { throw problem('product-unknown') }
  scope.setNotFoundHandler(unknown)
  // An OPTIONS that is no preflight takes the steps of this scope too, in place of the route of @fastify/cors, which has none.
  for (const url of ['/', '/*']) scope.options(url, unknown)
}

/** Checks each product's entry by the validator that was compiled when the product was loaded, so that a reload compiles nothing. */
function checkCombined (body: unknown, combiner: Combiner): true | { error: Problem } {
  const errors = withoutEntries(body) ? [] : [...withoutEntries.errors!]
  if (isRecord(body) && isRecord(body.products)) errors.push(...combiner.faults(body.products))
  return errors.length === 0 || { error: invalidRequest(errors, 'body') }
}

/** The schema for OpenAPI, with each product's own properties. */
function combinedBody (products: EnabledProduct[]) {
  const entries = products.map(({ product: { name, entry } }) => [name, Type.Optional(entry)])
  return Type.Object({
    ...requestBody({ properties: {} }).properties,
    products: Type.Optional(Type.Object(Object.fromEntries(entries), {
      minProperties: 1,
      // A product that is not enabled is 404.
      additionalProperties: Type.Object({}),
      description: 'what each product is asked for, by its name; without it, all that the caller may have with nothing asked'
    })),
    username: Type.Optional(Type.String({ description: 'with password, in the place of the Authorization header' })),
    password: Type.Optional(Type.String())
  }, { additionalProperties: false })
}

const withoutEntries = validatorOf(Type.Object({ ...combinedBody([]).properties, products: Type.Optional(Type.Object({}, { minProperties: 1 })) }, { additionalProperties: false }))
