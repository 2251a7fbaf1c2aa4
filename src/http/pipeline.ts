import type { FastifyInstance, onRequestHookHandler, onResponseHookHandler, preHandlerHookHandler, preValidationHookHandler } from 'fastify'
import { validatorOf } from '../lib/ajv.js'
import { GrantCombiner } from '../tokens/combine.js'
import { rejectUnprovenSession } from './bearer-auth.js'
import { identifyByBody } from './body-credentials.js'
import { skipClosingSockets } from './closing-sockets.js'
import { answerPreflight, registerCors } from './cors.js'
import { rejectCrossSite } from './cross-site.js'
import { offerNonce, readOpeningProof, useProof, useProofOfCaller } from './dpop-auth.js'
import { collectMethods, rejectElsewhere, type ElsewhereOptions } from './elsewhere.js'
import { answerErrors, type ErrorHandlerOptions } from './error-handler.js'
import { createSchemes, identifyCaller, type SchemeOptions } from './identify.js'
import { identifyByApplication } from './identify-by-application.js'
import { defaultBody, ignoreBody, requireJson } from './json-body.js'
import { rejectMalformed } from './malformed-requests.js'
import { openApiRoute, type OpenApiOptions } from './openapi/openapi.js'
import { collectRoutes } from './openapi/routes.js'
import { decideByPolicy } from './policy-decision.js'
import { builtIn } from '../products/load.js'
import { prefetchCounters, type PrefetchOptions } from './prefetch.js'
import { claimIdentity, type IdentityClaimOptions } from './identity-claim.js'
import { grantProducts } from './product-grants.js'
import { createAddressLimit, limitAddress, limitCaller, type Limit } from './rate-limits.js'
import { decorateRequests, setContext } from './request-context.js'
import { recordEnd } from './request-end.js'
import { rejectUndecodablePath } from './request-target.js'
import { noteProducts, validateGet } from './requested-products.js'
import { clientModuleRoutes } from './routes/client-module.js'
import { consoleRoutes, type ConsoleOptions } from './routes/console.js'
import { healthRoutes, type HealthOptions } from './routes/health.js'
import { operatorRoutes, requireOperator, type OperatorOptions } from './routes/operators.js'
import { sessionRoutes, type SessionRouteOptions } from './routes/session.js'
import { rejectUnknownProducts, tokenRoutes, type TokenRouteOptions } from './routes/tokens.js'
import { rejectMethod } from './token-methods.js'
import { limitVisitor } from './visitor-limit.js'
import type { DecisionOptions } from '../policy/decide.js'

/** Whose requests a step is for: those that a Fastify scope gets. A scope within `every` has the steps of `every`, too. */
type Scope = 'every' | 'pages' | 'modules' | 'elsewhere' | 'callers' | 'operators' | 'sessions' | 'underToken' | 'tokens'

/** Requests that only callers may make. */
const callers: Scope[] = ['callers', 'operators', 'sessions', 'underToken']

interface Step {
  for: Scope[]
  step: (scope: FastifyInstance, parts: Parts) => unknown
}

const onRequest = (make: (parts: Parts) => onRequestHookHandler): Step['step'] => (scope, parts) => scope.addHook('onRequest', make(parts))
const preValidation = (make: (parts: Parts) => preValidationHookHandler): Step['step'] => (scope, parts) => scope.addHook('preValidation', make(parts))
const preHandler = (make: (parts: Parts) => preHandlerHookHandler): Step['step'] => (scope, parts) => scope.addHook('preHandler', make(parts))
const onResponse = (make: (parts: Parts) => onResponseHookHandler): Step['step'] => (scope, parts) => scope.addHook('onResponse', make(parts))

/**
 * The order of every request, and the only place that decides it. It is the security. A step lets a request pass to the next, or refuses it:
 * what it throws is answered by `answerErrors`, after the refusal's line in the audit.
 */
const steps: readonly Step[] = [
  // By the headers alone: nothing of the body is read before the caller is known.
  { for: ['every'], step: onRequest(skipClosingSockets) },
  { for: ['every'], step: onRequest(setContext) },
  { for: ['every'], step: onRequest(offerNonce) },
  { for: ['every'], step: registerCors },
  { for: ['every'], step: onRequest(rejectMalformed) },
  { for: ['every'], step: onRequest(answerPreflight) },
  { for: ['pages', 'modules', 'elsewhere'], step: onRequest(limitVisitor) },
  { for: callers, step: onRequest(rejectCrossSite) },
  { for: callers, step: onRequest(prefetchCounters) },
  { for: callers, step: onRequest(limitAddress) },
  { for: ['underToken'], step: onRequest(rejectMethod) },
  { for: ['underToken'], step: onRequest(rejectUndecodablePath) },
  { for: callers, step: onRequest(rejectUnprovenSession) },
  { for: ['sessions'], step: onRequest(readOpeningProof) },
  { for: callers, step: onRequest(identifyCaller) },
  { for: ['callers', 'operators', 'sessions'], step: onRequest(useProof) },
  { for: ['underToken'], step: onRequest(useProofOfCaller) },
  { for: ['operators'], step: onRequest(requireOperator) },

  // The body and the query.
  { for: ['every'], step: ignoreBody },
  { for: ['sessions', 'underToken'], step: requireJson },
  { for: ['sessions', 'underToken'], step: preValidation(defaultBody) },
  { for: ['sessions', 'underToken'], step: preValidation(identifyByBody) },
  { for: ['underToken'], step: preValidation(identifyByApplication) },
  { for: ['tokens'], step: preValidation(noteProducts) },
  { for: ['every'], step: useSchemas },
  { for: ['tokens'], step: preHandler(validateGet) },

  // The token.
  { for: ['tokens'], step: preHandler(limitCaller) },
  { for: ['tokens'], step: preHandler(decideByPolicy) },
  { for: ['tokens'], step: preHandler(grantProducts) },
  { for: ['tokens'], step: preHandler(claimIdentity) },
  // Signs the token, writes its line in the audit, and then answers.
  { for: ['tokens'], step: tokenRoutes },
  { for: ['underToken'], step: rejectUnknownProducts },

  // Everything else that is answered.
  { for: ['sessions'], step: sessionRoutes },
  { for: ['callers'], step: openApiRoute },
  { for: ['operators'], step: operatorRoutes },
  { for: ['every'], step: healthRoutes },
  { for: ['pages'], step: consoleRoutes },
  { for: ['modules'], step: clientModuleRoutes },
  { for: ['elsewhere'], step: rejectElsewhere },

  // The end.
  { for: ['every'], step: answerErrors },
  { for: ['every'], step: onResponse(recordEnd) }
]

export interface PipelineOptions extends SchemeOptions, SessionRouteOptions, PrefetchOptions, DecisionOptions, IdentityClaimOptions, OperatorOptions, HealthOptions, ConsoleOptions,
  Omit<TokenRouteOptions, 'combiner'>, Omit<OpenApiOptions, 'routes' | 'schemes'>, Omit<ErrorHandlerOptions, 'schemes'>, Omit<ElsewhereOptions, 'addressLimit' | 'methodsOf'> {
  limits: { address: Limit, crossSite: Limit, caller: Limit }
}

/** What the steps use. */
type Parts = PipelineOptions & Awaited<ReturnType<typeof prepare>>

/** The broker as a Fastify plugin. */
export async function pipeline (root: FastifyInstance, options: PipelineOptions): Promise<void> {
  const parts = { ...options, ...await prepare(root, options) }
  const install = async (name: Scope, scope: FastifyInstance): Promise<void> => {
    for (const { for: scopes, step } of steps) if (scopes.includes(name)) await step(scope, parts)
  }
  await install('every', root)
  // Without sessions their path is one like any other that is nowhere.
  if (options.sessions !== undefined) await root.register(scope => install('sessions', scope))
  for (const name of ['callers', 'operators', 'pages', 'modules', 'elsewhere'] as const) await root.register(scope => install(name, scope))
  await root.register(async underToken => {
    await install('underToken', underToken)
    await underToken.register(scope => install('tokens', scope))
  }, { prefix: '/token' })
}

async function prepare (root: FastifyInstance, options: PipelineOptions) {
  decorateRequests(root)
  return {
    addressLimit: await createAddressLimit(root, options.limits.address),
    builtInNames: [...(await builtIn()).keys()],
    combiner: new GrantCombiner(options.products),
    methodsOf: collectMethods(root),
    routes: collectRoutes(root),
    schemes: await createSchemes(root, options),
    sessionPath: `${root.prefix}/session`,
    tokenPath: `${root.prefix}/token`
  }
}

/** Requests are validated by their schemas. Those of answers are for types and OpenAPI alone: Fastify's serializer drops what a schema forgets. */
function useSchemas (scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ schema }) => validatorOf(schema))
  scope.setSerializerCompiler(() => JSON.stringify)
}
