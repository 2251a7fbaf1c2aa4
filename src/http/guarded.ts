import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { bringsBasic, takeBasicCredentials, type SignIn } from './basic-auth.js'
import { limitAddresses, type Limit } from './rate-limits.js'
import { isRefused, type Origins } from './cors.js'
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
 * Makes a scope one for callers alone. The order of its hooks is the security: a page that may not ask is refused first, so that it spends nothing
 * of its visitor's; then the address is counted, before anything else can be refused; and no body is read before the caller is known.
 * @param refuse throws for requests that nobody may make, whoever asks
 */
export async function guardScope (scope: FastifyInstance, { origins, signIn, limits, askAhead }: GuardedOptions, refuse: (request: FastifyRequest) => void): Promise<void> {
  scope.setValidatorCompiler(({ schema }) => validatorOf(schema))
  const limit = await limitAddresses(scope, limits.address)
  scope.addHook('onRequest', (request, reply, done) => {
    if (!isRefused(request, origins)) return done()
    limit.show(request, reply).then(() => done(problem('origin-refused')))
  })
  if (askAhead !== undefined) scope.addHook('onRequest', askAhead)
  scope.addHook('onRequest', limit.count)
  await takeBasicCredentials(scope, signIn)
  scope.addHook('onRequest', (request, reply, done) => {
    refuse(request)
    if (request.routeOptions.config.credentialsInBody && request.headers.authorization === undefined) return done()
    if (!bringsBasic(request)) return done(problem('credentials-missing'))
    scope.basicAuth(request, reply, done)
  })
}
