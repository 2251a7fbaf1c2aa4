import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem, type Problem } from '../problems.js'
import { limitVisitor, type VisitorLimitOptions } from './visitor-limit.js'

/** The methods of a path, or undefined where there is no such path. */
export type MethodsOf = (path: string) => string[] | undefined

/** The methods of each path that is registered after this. */
export function collectMethods (scope: FastifyInstance): MethodsOf {
  const methods = new Map<string, string[]>()
  scope.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...methods.get(url) ?? [], String(method)])
  })
  return path => methods.get(path)
}

export interface ElsewhereOptions extends VisitorLimitOptions {
  methodsOf: MethodsOf
}

/**
 * Refuses what no route takes, in a hook, before Fastify looks at the body: in a handler, a body without a known type would
 * be 415, and a QUERY without a type 400.
 */
export function rejectElsewhere (scope: FastifyInstance, options: ElsewhereOptions): void {
  const { methodsOf } = options
  const limit = limitVisitor(options)
  const refuse = ({ method, url }: FastifyRequest): never => { throw nothingHere(method, methodsOf(url.split('?', 1)[0]!)) }
  scope.addHook('onRequest', async request => refuse(request))
  // Fastify runs no hooks where the route of @fastify/cors, which has OPTIONS of every path, hands a request on.
  scope.setNotFoundHandler(async function (request, reply) {
    await limit.call(this, request, reply)
    refuse(request)
  })
}

function nothingHere (method: string, allowed: string[] | undefined): Problem {
  return allowed === undefined || allowed.includes(method)
    ? problem('not-found')
    : problem('method-not-allowed', { headers: { Allow: allowed.join(', ') } })
}
