import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerProblems } from './error-handler.js'
import { isUnlimited, refusalOf } from './audit-refusals.js'
import { takeNoBody } from './json-body.js'
import { guardScope } from './guarded.js'
import type { Lines } from '../limits/lines.js'
import type { AddressLimit } from './rate-limits.js'
import { logRequest } from './request-log.js'
import { answerOpenApi, type OpenApiOptions } from './openapi/openapi.js'
import { collectRoutes } from './openapi/routes.js'
import { operatorsOnly, type OperatorsOptions } from './routes/operators.js'
import { answerReadiness, type Readiness } from './routes/health.js'
import { answerPreflights, openToPages } from './cors.js'
import { answerPages } from './routes/console.js'
import { problem, type Problem } from '../problems.js'
import { admitRequests, refuseMalformed } from './request-context.js'
import { tokens, type TokensOptions } from './routes/tokens.js'
import { Type } from '../lib/typebox.js'
import { limitVisitors, type VisitorsOptions } from './visitors.js'

export interface BrokerOptions extends TokensOptions, OperatorsOptions, OpenApiOptions, VisitorsOptions {
  readiness: () => Readiness
  /** Whether there is a page to see the broker by. */
  console: boolean
  limits: TokensOptions['limits'] & VisitorsOptions['limits']
  lines: Lines
}

const alive = Type.Object({ alive: Type.Literal(true) })

/** The broker as a Fastify plugin: its rooms, in the order that a request goes through them. */
export async function broker (scope: FastifyInstance, options: BrokerOptions): Promise<void> {
  const { audit, lines, mint, metrics, origins, readiness } = options
  admitRequests(scope)
  const ended = (request: FastifyRequest, reply: FastifyReply): void => {
    metrics.count(request, reply)
    logRequest(request, reply, lines)
  }
  scope.addHook('onResponse', (request, reply, done) => {
    // In HTTP/2 it also runs where the client left before its answer.
    if (reply.raw.writableEnded) ended(request, reply)
    done()
  })
  answerProblems(scope, {
    async onRefusal (request, code) {
      const line = refusalOf(request, code, mint)
      if (line !== undefined && (!isUnlimited(request, code) || lines.audit.take(request.address))) await audit.record(line)
    },
    onHangUp: ended,
    rare: lines.rare
  })
  takeNoBody(scope)
  await openToPages(scope, origins)
  refuseMalformed(scope)
  answerPreflights(scope)
  const methodsOf = collectMethods(scope)
  const routes = collectRoutes(scope)
  scope.get('/healthz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema: { summary: 'Whether the process lives', answer: alive } }, async () => ({ alive: true }))
  answerReadiness(scope, readiness)
  await scope.register(async callers => {
    await guardScope(callers, options, () => {})
    answerOpenApi(callers, routes, options)
    await callers.register(operatorsOnly, options)
  })
  await scope.register(tokens, { ...options, prefix: '/token' })
  await scope.register(async visitors => {
    const count = await limitVisitors(visitors, options)
    if (options.console) await visitors.register(answerPages)
    await visitors.register(async rest => refuseTheRest(rest, methodsOf, count))
  })
}

/**
 * What is at none of the routes, in a scope of its own: it is refused before Fastify looks at its body, where a type that is none would be 415, and a QUERY
 * without a type 400.
 */
function refuseTheRest (scope: FastifyInstance, methodsOf: (path: string) => string[] | undefined, count: AddressLimit['count']): void {
  const refuse = ({ method, url }: FastifyRequest): never => { throw nothingHere(method, methodsOf(url.split('?', 1)[0]!)) }
  scope.addHook('onRequest', async request => refuse(request))
  // Comes by way of the route that @fastify/cors has for OPTIONS at every path, and so past the hooks.
  scope.setNotFoundHandler(async (request, reply) => {
    await count(request, reply)
    refuse(request)
  })
}

/** The methods of each path that is registered after this. */
function collectMethods (scope: FastifyInstance): (path: string) => string[] | undefined {
  const methods = new Map<string, string[]>()
  scope.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...methods.get(url) ?? [], String(method)].sort())
  })
  return path => methods.get(path)
}

function nothingHere (method: string, allowed: string[] | undefined): Problem {
  return allowed === undefined || allowed.includes(method)
    ? problem('not-found')
    : problem('method-not-allowed', { headers: { Allow: allowed.join(', ') } })
}
