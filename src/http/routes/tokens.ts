import type { FastifyInstance, FastifyRequest } from 'fastify'
import { validatorOf } from '../../lib/ajv.js'
import { problem } from '../../problems.js'
import type { EnabledProduct } from '../../products/contract.js'
import { noTokenQuery, tokenAnswer, type TokenAnswer } from '../../products/schemas.js'
import type { GrantCombiner } from '../../tokens/combine.js'
import { combinedRequest, combinedRequestProblem } from '../../tokens/combined-request.js'
import { issue, type IssueOptions } from '../../tokens/issue.js'
import type { TypeBoxTypeProvider } from '../type-provider.js'

export interface TokenRouteOptions extends IssueOptions {
  products: EnabledProduct[]
  combiner: GrantCombiner
}

/** Adds `/token/<product>` for each enabled product, and `POST /token` for several of them. */
export async function tokenRoutes (scope: FastifyInstance, options: TokenRouteOptions): Promise<void> {
  const { products, combiner } = options
  const issueToken = tokenIssuer(options)
  for (const { product } of products) await scope.register(product.plugin, { handler: issueToken })
  scope.withTypeProvider<TypeBoxTypeProvider>().post('/', {
    prefixTrailingSlash: 'no-slash',
    config: { credentialsInBody: true, kind: 'tokens' },
    schema: { summary: 'One token for several products', body: combinedRequest(products), querystring: noTokenQuery, response: { 200: tokenAnswer } },
    validatorCompiler: ({ schema, httpPart }) => httpPart === 'body' ? check : validatorOf(schema),
    handler: async request => ({ ...await issueToken(request), products: request.grantedProducts! })
  })

  function check (body: unknown): true | { error: Error } {
    const error = combinedRequestProblem(body, combiner)
    return error === undefined || { error }
  }
}

/** Signs the token for the request's grants, writes the audit line, and then answers. */
function tokenIssuer (options: IssueOptions): (request: FastifyRequest) => Promise<TokenAnswer> {
  return async request => {
    const requester = {
      requestId: request.id,
      ip: request.address,
      origin: request.headers.origin,
      caller: request.caller!.name,
      via: request.scheme!.via,
      sessionId: request.session?.id,
      traceId: request.trace?.traceId
    }
    const answer = await issue(options, requester, request.decision!, request.grants!)
    request.isAudited = true
    request.grantedProducts = request.grants!.map(({ product }) => product.name)
    return answer
  }
}

/** Answers 404 below `/token`. Only authenticated callers see it. */
export function rejectUnknownProducts (scope: FastifyInstance): void {
  const unknown = () => { throw problem('product-unknown') }
  scope.setNotFoundHandler(unknown)
  // Replaces the OPTIONS route of @fastify/cors, so that an OPTIONS that is no preflight also takes the steps of this scope.
  for (const url of ['/', '/*']) scope.options(url, unknown)
}
