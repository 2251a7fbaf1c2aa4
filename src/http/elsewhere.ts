import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem, type Problem } from '../problems.js'
import { limitVisitor, type VisitorLimitOptions } from './visitor-limit.js'

/** Returns the methods of a path; undefined if there is no such path. */
export type MethodsOf = (path: string) => string[] | undefined

/** Collects the methods of every path that is registered after this call. */
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
 * Refuses requests that no route accepts. Runs as a hook, before Fastify parses the body: in a handler, an unknown body type would be 415,
 * and a QUERY without a type 400.
 */
export function rejectElsewhere (scope: FastifyInstance, options: ElsewhereOptions): void {
  const { methodsOf } = options
  const limit = limitVisitor(options)
  const refuse = ({ method, url }: FastifyRequest): never => { throw nothingHere(method, methodsOf(url.split('?', 1)[0]!)) }
  scope.addHook('onRequest', async request => refuse(request))
  // The OPTIONS route of @fastify/cors accepts every path, and Fastify runs no hooks when it passes a request on.
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
