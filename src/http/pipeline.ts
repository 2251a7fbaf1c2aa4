import type { FastifyInstance } from 'fastify'
import type { DecisionOptions } from '../policy/decide.js'
import { GrantCombiner } from '../tokens/combine.js'
import { rejectUnprovenSession } from './bearer-auth.js'
import { skipClosingSockets } from './closing-sockets.js'
import { answerPreflight, registerCors } from './cors.js'
import { rejectCrossSite } from './cross-site.js'
import { offerNonce, readOpeningProof, useProof, useProofOfCaller } from './dpop-auth.js'
import { collectMethods, rejectElsewhere, type ElsewhereOptions } from './elsewhere.js'
import { answerErrors, type ErrorHandlerOptions } from './error-handler.js'
import { createSchemes, identifyCaller, type SchemeOptions } from './identify.js'
import { identifyByApplication } from './identify-by-application.js'
import { identifyByBody } from './identify-by-body.js'
import { defaultBody, ignoreBody, requireJson } from './json-body.js'
import { rejectMalformed } from './malformed-requests.js'
import { openApiRoute, type OpenApiOptions } from './openapi/openapi.js'
import { collectRoutes } from './openapi/routes.js'
import { installSteps, type PipelineStep } from './pipeline-steps.js'
import { grantByPolicy } from './policy-grants.js'
import type { EnabledProduct } from '../products/contract.js'
import { builtIn } from '../products/load.js'
import { prefetchCounters, type PrefetchOptions } from './prefetch.js'
import { claimIdentity, type IdentityClaimOptions } from './identity-claim.js'
import { createAddressLimit, limitAddress, limitCaller, type Limit } from './rate-limits.js'
import { decorateRequests, setContext } from './request-context.js'
import { recordEnds } from './request-end.js'
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

/** The Fastify scopes whose requests a step handles. A scope within `every` has the steps of `every`, too. */
type Scope = 'every' | 'pages' | 'modules' | 'elsewhere' | 'callers' | 'operators' | 'sessions' | 'underToken' | 'tokens'

/** Scopes that need a caller. */
const callers: Scope[] = ['callers', 'operators', 'sessions', 'underToken']

type Step = PipelineStep<Scope, Parts>

/**
 * The order in which every request is handled. It is decided only here, and the security depends on it. A step passes the request on to the
 * next, or refuses it by throwing: `answerErrors` then writes the audit line and the answer.
 */
const steps: readonly Step[] = [
  // These steps use the headers alone: the body is not read before the caller is known.
  { for: ['every'], onRequest: skipClosingSockets },
  { for: ['every'], onRequest: setContext },
  { for: ['every'], onRequest: offerNonce },
  { for: ['every'], setUp: registerCors },
  { for: ['every'], onRequest: rejectMalformed },
  { for: ['every'], onRequest: answerPreflight },
  { for: ['pages', 'modules', 'elsewhere'], onRequest: limitVisitor },
  { for: callers, onRequest: rejectCrossSite },
  { for: callers, onRequest: prefetchCounters },
  { for: callers, onRequest: limitAddress },
  { for: ['underToken'], onRequest: rejectMethod },
  { for: ['underToken'], onRequest: rejectUndecodablePath },
  { for: callers, onRequest: rejectUnprovenSession },
  { for: ['sessions'], onRequest: readOpeningProof },
  { for: callers, onRequest: identifyCaller },
  { for: ['callers', 'operators', 'sessions'], onRequest: useProof },
  { for: ['underToken'], onRequest: useProofOfCaller },
  { for: ['operators'], onRequest: requireOperator },

  // The body and the query.
  { for: ['every'], setUp: ignoreBody },
  { for: ['sessions', 'underToken'], setUp: requireJson },
  { for: ['sessions', 'underToken'], preValidation: defaultBody },
  { for: ['sessions', 'underToken'], preValidation: identifyByBody },
  { for: ['underToken'], preValidation: identifyByApplication },
  { for: ['tokens'], preValidation: noteProducts },
  { for: ['tokens'], preHandler: validateGet },

  // The token.
  { for: ['tokens'], preHandler: limitCaller },
  { for: ['tokens'], preHandler: grantByPolicy },
  { for: ['tokens'], preHandler: claimIdentity },
  // Signs the token, writes its audit line, and then answers.
  { for: ['tokens'], setUp: tokenRoutes },
  { for: ['underToken'], setUp: rejectUnknownProducts },

  // Everything else that is answered.
  { for: ['sessions'], setUp: sessionRoutes },
  { for: ['callers'], setUp: openApiRoute },
  { for: ['operators'], setUp: operatorRoutes },
  { for: ['every'], setUp: healthRoutes },
  { for: ['pages'], setUp: consoleRoutes },
  { for: ['modules'], setUp: clientModuleRoutes },
  { for: ['elsewhere'], setUp: rejectElsewhere },

  // The end.
  { for: ['every'], setUp: answerErrors },
  { for: ['every'], setUp: recordEnds }
]

export interface PipelineOptions extends SchemeOptions, SessionRouteOptions, PrefetchOptions, DecisionOptions, IdentityClaimOptions,
  OperatorOptions, HealthOptions, ConsoleOptions, Omit<TokenRouteOptions, 'combiner'>, Omit<OpenApiOptions, 'builtInProducts' | 'routes' | 'schemes'>,
  Omit<ErrorHandlerOptions, 'schemes'>, Omit<ElsewhereOptions, 'addressLimit' | 'methodsOf'> {
  limits: { address: Limit, crossSite: Limit, caller: Limit }
}

/** What the steps use. */
type Parts = PipelineOptions & Awaited<ReturnType<typeof prepare>>

/** The broker as a Fastify plugin. */
export async function pipeline (root: FastifyInstance, options: PipelineOptions): Promise<void> {
  const parts = { ...options, ...await prepare(root, options) }
  const install = (name: Scope, scope: FastifyInstance) => installSteps(scope, steps.filter(step => step.for.includes(name)), parts)
  await install('every', root)
  // Without sessions, their path is like any other unknown path.
  if (options.sessions !== undefined) await root.register(scope => install('sessions', scope))
  for (const name of ['callers', 'operators', 'pages', 'modules', 'elsewhere'] as const) await root.register(scope => install(name, scope))
  await root.register(async underToken => {
    await install('underToken', underToken)
    await underToken.register(scope => install('tokens', scope))
  }, { prefix: '/token' })
}

async function prepare (root: FastifyInstance, options: PipelineOptions) {
  decorateRequests(root)
  const ours = await builtIn()
  const isOurs = ({ product: { name, plugin } }: EnabledProduct): boolean => ours.get(name)?.plugin === plugin
  return {
    addressLimit: await createAddressLimit(root, options.limits.address),
    builtInNames: [...ours.keys()],
    builtInProducts: new Set(options.products.filter(isOurs).map(({ product }) => product.name)),
    combiner: new GrantCombiner(options.products),
    methodsOf: collectMethods(root),
    routes: collectRoutes(root),
    schemes: await createSchemes(root, options),
    sessionPath: `${root.prefix}/session`,
    tokenPath: `${root.prefix}/token`
  }
}
