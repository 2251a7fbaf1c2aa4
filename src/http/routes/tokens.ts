import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { Type } from '../../lib/typebox.js'
import { takeJsonOnly } from '../json-body.js'
import { isRecord } from '../../lib/is-record.js'
import { limitKey } from '../../caller.js'
import { identify, type SignIn } from '../basic-auth.js'
import { Combiner, type Named } from '../../tokens/combine.js'
import { guardScope, type GuardedOptions } from '../guarded.js'
import { issue, type IssueOptions } from '../../tokens/issue.js'
import { decide, type CommonRequest, type Decision, type DecisionOptions, type ProductGrant } from '../../policy/decide.js'
import { limitCallers, type Limit } from '../rate-limits.js'
import { invalidRequest, problem, type Problem } from '../../problems.js'
import type { EnabledProduct } from '../../products/contract.js'
import { noQuery, requestBody } from '../../products/schemas.js'
import { unroutable } from '../request-context.js'
import { validatorOf } from '../../lib/ajv.js'

export interface TokensOptions extends DecisionOptions, IssueOptions, GuardedOptions {
  products: EnabledProduct[]
  limits: { address: Limit, caller: Limit }
}

/** The guarded scope: everything under /token. */
export async function tokens (scope: FastifyInstance, options: TokensOptions): Promise<void> {
  const { products, signIn, limits } = options
  takeJsonOnly(scope)
  await guardScope(scope, options, request => {
    refuseMethods(request, scope.prefix)
    if (unroutable.has(request.raw)) throw problem('request-invalid', { errors: [{ path: '', message: 'the path does not decode' }] })
  })
  // A body may be left out.
  scope.addHook('preValidation', (request, _reply, done) => {
    request.body ??= request.body === undefined ? {} : null
    done()
  })

  const limitCaller = limitCallers(limits.caller)
  const decideFor = async (request: FastifyRequest, reply: FastifyReply, asked: CommonRequest) => {
    const caller = request.caller!
    await limitCaller(reply, limitKey(caller))
    return decide(options, caller, asked)
  }
  const issueFor = async (request: FastifyRequest, decision: Decision, granted: ProductGrant[]) => {
    const requester = { requestId: request.id, ip: request.address, origin: request.headers.origin, caller: request.caller!.name }
    const answer = await issue(options, requester, decision, granted)
    request.granted = granted.map(({ product }) => product.name)
    return answer
  }

  const tokenHandler = ({ product, settings }: EnabledProduct): RouteHandlerMethod => {
    const check = validatorOf(product.body)
    return async (request, reply) => {
      // Fastify checks no body of a GET, which asks for nothing; a product may need something asked.
      if (request.method === 'GET' && !check(request.body)) throw invalidRequest(check.errors!, 'body')
      const { ttl, identity, ...properties } = request.body as CommonRequest
      const decision = await decideFor(request, reply, { ttl, identity })
      return issueFor(request, decision, [decision.grant({ product, settings, request: properties })])
    }
  }
  for (const enabled of products) await scope.register(enabled.product.plugin, { handler: tokenHandler(enabled) })

  const combiner = new Combiner(products)
  scope.post<{ Body: Combined }>('/', {
    prefixTrailingSlash: 'no-slash',
    config: { credentialsInBody: true, kind: 'tokens' },
    schema: { summary: 'One token for several products', body: combinedBody(products), querystring: noQuery },
    validatorCompiler: ({ schema, httpPart }) => httpPart === 'body' ? body => checkCombined(body, combiner) : validatorOf(schema),
    preValidation: async (request, reply) => {
      await identifyByBody(request, reply, signIn)
      if (isRecord(request.body) && isRecord(request.body.products)) request.wanted = combiner.known(request.body.products)
    }
  }, async (request, reply) => {
    const { products, ...asked } = request.body
    const decision = await decideFor(request, reply, asked)
    const granted = products === undefined ? combiner.all(decision) : combiner.named(products, decision)
    const answer = await issueFor(request, decision, granted)
    return { ...answer, products: request.granted }
  })

  const unknown = () => { throw problem('product-unknown') }
  scope.setNotFoundHandler(unknown)
  // What is no preflight goes this scope's way too, not that of the route which @fastify/cors adds for all paths.
  for (const url of ['/', '/*']) scope.options(url, unknown)
}

/** Each product's entry is checked by what was compiled when the product was loaded, so that no reload has to compile anything. */
function checkCombined (body: unknown, combiner: Combiner): true | { error: Problem } {
  const errors = withoutEntries(body) ? [] : [...withoutEntries.errors!]
  if (isRecord(body) && isRecord(body.products)) errors.push(...combiner.faults(body.products))
  return errors.length === 0 || { error: invalidRequest(errors, 'body') }
}

/** For OpenAPI: what each of the products may be asked stands in it. */
function combinedBody (products: EnabledProduct[]) {
  const entries = products.map(({ product: { name, entry } }) => [name, Type.Optional(entry)])
  return Type.Object({
    ...requestBody({ properties: {} }).properties,
    products: Type.Optional(Type.Object(Object.fromEntries(entries), {
      minProperties: 1,
      // What is not enabled is 404.
      additionalProperties: Type.Object({}),
      description: 'what each product is asked for, by its name; without it, all that the caller may have with nothing asked'
    })),
    username: Type.Optional(Type.String({ description: 'with password, in the place of the Authorization header' })),
    password: Type.Optional(Type.String())
  }, { additionalProperties: false })
}

const withoutEntries = validatorOf(Type.Object({ ...combinedBody([]).properties, products: Type.Optional(Type.Object({}, { minProperties: 1 })) }, { additionalProperties: false }))

interface Combined extends CommonRequest {
  products?: Named
}

/** RFC 9110 §15.5.6: a 405 lists the methods that there are. HEAD is none of them, as it would mint what nobody reads. */
function refuseMethods ({ method, url }: FastifyRequest, prefix: string): void {
  if (method === 'POST') return
  const allowed = url.split('?', 1)[0] === prefix ? ['POST'] : ['GET', 'POST']
  if (!allowed.includes(method)) throw problem('method-not-allowed', { headers: { Allow: allowed.join(', ') } })
}

/** The call of a client that sends its name and password as JSON, which RFC 7617 has no part in. */
async function identifyByBody (request: FastifyRequest, reply: FastifyReply, signIn: SignIn): Promise<void> {
  const { username, password } = isRecord(request.body) ? request.body : {}
  if (request.caller !== null) {
    if (username === undefined && password === undefined) return
    throw problem('request-invalid', {
      errors: [{ path: '', message: 'has credentials, and so has the Authorization header; send one of them' }]
    })
  }
  if (username === undefined && password === undefined) throw problem('credentials-missing')
  request.claimedName = typeof username === 'string' ? username : ''
  if (typeof username !== 'string' || typeof password !== 'string') throw problem('credentials-wrong')
  await identify(request, reply, { name: username, password }, signIn)
}
