import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem, type Problem, type RefusalCode } from '../problems.js'
import { applicationAuth, type ApplicationAuthOptions } from './application-auth.js'
import { bearerAuth, type BearerOptions } from './bearer-auth.js'
import { basicAuth, type BasicAuthOptions } from './basic-auth.js'
import { dpopAuth, type SessionOptions } from './dpop-auth.js'
import type { Scheme } from './scheme.js'
import type { RequestStep } from './request-step.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route also accepts `username` and `password` in its body. */
    credentialsInBody?: boolean
    /** The schemes that the route accepts; by default all that are enabled. */
    schemes?: readonly string[]
  }
}

export type SchemeOptions = BasicAuthOptions & SessionOptions & BearerOptions & ApplicationAuthOptions

type CreateScheme = (scope: FastifyInstance, options: SchemeOptions) => Promise<Scheme | undefined>

/** All schemes, in the order of their challenges. A disabled one is undefined. */
const table: readonly CreateScheme[] = [
  basicAuth,
  dpopAuth,
  bearerAuth,
  applicationAuth
]

/** The enabled schemes. */
export async function createSchemes (scope: FastifyInstance, options: SchemeOptions): Promise<Scheme[]> {
  const schemes = await Promise.all(table.map(create => create(scope, options)))
  return schemes.filter(scheme => scheme !== undefined)
}

export interface IdentifyOptions {
  schemes: readonly Scheme[]
}

/**
 * Authenticates the caller by the scheme of the `Authorization` header. Without that header, the body or the application may do it later.
 */
export function identifyCaller ({ schemes }: IdentifyOptions): RequestStep {
  const byName = new Map(schemes.filter(scheme => scheme.recognizes === undefined).map(scheme => [scheme.name, scheme]))
  return (request, reply) => {
    const { authorization } = request.headers
    if (authorization === undefined) {
      request.schemeWithoutHeader = schemes.find(scheme => takes(request, scheme) && scheme.recognizes?.(request)) ?? null
      if (request.schemeWithoutHeader !== null || request.routeOptions.config.credentialsInBody) return
    }
    const scheme = byName.get((authorization ?? '').split(' ', 1)[0]!.toLowerCase())
    if (scheme === undefined || !takes(request, scheme)) throw credentialsMissing(request, schemes)
    request.scheme = scheme
    return scheme.identify(request, reply)
  }
}

/** Makes the 401 that lists every scheme of the route. */
export function credentialsMissing (request: FastifyRequest, schemes: readonly Scheme[]): Problem {
  const usages = openSchemes(request, schemes).map(({ usage }) => usage)
  return problem('credentials-missing', { detail: `This route needs credentials. Send ${usages.join('; or ')}.` })
}

/**
 * Replaces `Wrong username or password` if nobody has a password, because no other password would help. Says what the broker takes instead.
 */
export function withoutPasswords (request: FastifyRequest, refusal: Problem, schemes: readonly Scheme[]): Problem {
  if (refusal.code !== 'credentials-wrong' || !schemes.some(({ isClosed }) => isClosed)) return refusal
  const usages = openSchemes(request, schemes).map(({ usage }) => usage)
  return problem(refusal.code, { ...refusal.options, detail: `Nobody has a password for this broker. Send ${usages.join('; or ')}.` })
}

function takes ({ routeOptions: { config } }: FastifyRequest, { name }: Scheme): boolean {
  return config.schemes?.includes(name) ?? true
}

/**
 * Returns the challenges of a 401 (RFC 9110 §11.6.1). If the problem's code belongs to one scheme, that scheme's alone; else that of the
 * scheme that the request used; if it used none, those of all schemes of the route.
 */
export function challengesOf (request: FastifyRequest, code: RefusalCode, schemes: readonly Scheme[]): string[] {
  const own = schemes.find(scheme => scheme.answers?.(code)) ?? request.scheme
  return (own === null || own.isClosed ? openSchemes(request, schemes) : [own]).map(scheme => scheme.challenge(code))
}

/** A 401 must have a challenge: if nobody can sign in with the route's own schemes, those of other routes are listed. */
function openSchemes (request: FastifyRequest, schemes: readonly Scheme[]): readonly Scheme[] {
  const open = schemes.filter(({ isClosed }) => !isClosed)
  const taken = open.filter(scheme => takes(request, scheme))
  return taken.length > 0 ? taken : open
}
