import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { problem, type RefusalCode } from '../problems.js'
import { basicAuth, type BasicAuthOptions } from './basic-auth.js'
import type { Scheme } from './scheme.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route also takes `username` and `password` in its body. */
    credentialsInBody?: boolean
  }
}

export type SchemeOptions = BasicAuthOptions

type CreateScheme = (scope: FastifyInstance, options: SchemeOptions) => Promise<Scheme | undefined>

/** All schemes, in the order of their challenges. One that the settings leave off is undefined. */
const table: readonly CreateScheme[] = [
  basicAuth
]

/** The schemes that are on. */
export async function createSchemes (scope: FastifyInstance, options: SchemeOptions): Promise<Scheme[]> {
  const schemes = await Promise.all(table.map(create => create(scope, options)))
  return schemes.filter(scheme => scheme !== undefined)
}

export interface IdentifyOptions {
  schemes: readonly Scheme[]
}

/** Finds out who is asking, by the scheme of the header `Authorization`. */
export function identifyCaller ({ schemes }: IdentifyOptions): onRequestAsyncHookHandler {
  const byName = new Map(schemes.map(scheme => [scheme.name, scheme]))
  return async (request, reply) => {
    const { authorization } = request.headers
    if (authorization === undefined && request.routeOptions.config.credentialsInBody) return
    const scheme = byName.get((authorization ?? '').split(' ', 1)[0]!.toLowerCase())
    if (scheme === undefined) throw problem('credentials-missing')
    request.scheme = scheme
    await scheme.identify(request, reply)
  }
}

/** The challenges of a 401 (RFC 9110 §11.6.1): of the scheme that was used, or of every one where none was. */
export function challengesOf ({ scheme }: FastifyRequest, code: RefusalCode, schemes: readonly Scheme[]): string[] {
  return (scheme === null ? schemes : [scheme]).map(one => one.challenge(code))
}
