import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { bringsBasic, takeBasicCredentials, type SignIn } from './basic-auth.js'
import { limitAddresses, type Limit } from './rate-limits.js'
import { refuseStrangers, type Origins } from './cors.js'
import { problem } from '../problems.js'
import { validatorOf } from '../lib/ajv.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route also takes `username` and `password` in its body. */
    credentialsInBody?: boolean
  }
}

export interface GuardedOptions {
  origins: Origins
  signIn: SignIn
  limits: { address: Limit }
  /** Goes before all else; it neither refuses nor answers. */
  askAhead?: onRequestHookHandler | undefined
}

/**
 * Makes a scope one for callers alone. The order of its hooks is the security: the address is counted before anything can
 * be refused, a strange page is refused before its credentials are looked at, and no body is read before the caller is known.
 * @param refuse throws for requests that nobody may make, whoever asks
 */
export async function guardScope (scope: FastifyInstance, { origins, signIn, limits, askAhead }: GuardedOptions, refuse: (request: FastifyRequest) => void): Promise<void> {
  scope.setValidatorCompiler(({ schema }) => validatorOf(schema))
  if (askAhead !== undefined) scope.addHook('onRequest', askAhead)
  scope.addHook('onRequest', await limitAddresses(scope, limits.address))
  await takeBasicCredentials(scope, signIn)
  scope.addHook('onRequest', (request, reply, done) => {
    refuse(request)
    refuseStrangers(request, origins)
    if (request.routeOptions.config.credentialsInBody && request.headers.authorization === undefined) return done()
    if (!bringsBasic(request)) return done(problem('credentials-missing'))
    scope.basicAuth(request, reply, done)
  })
}
