import type { preValidationAsyncHookHandler } from 'fastify'
import { isRecord } from '../lib/is-record.js'
import { problem } from '../problems.js'
import { signInBy, type BasicAuthOptions } from './basic-auth.js'
import { credentialsMissing } from './identify.js'
import type { Scheme } from './scheme.js'

export interface BodyCredentialsOptions extends BasicAuthOptions {
  schemes: readonly Scheme[]
}

/** Finds out who is asking where a route also takes `username` and `password` in its JSON body. */
export function identifyByBody ({ signIn, schemes }: BodyCredentialsOptions): preValidationAsyncHookHandler {
  const basic = schemes.find(({ name }) => name === 'basic')!
  return async (request, reply) => {
    if (!request.routeOptions.config.credentialsInBody) return
    const { username, password } = isRecord(request.body) ? request.body : {}
    if (request.caller !== null) {
      if (username === undefined && password === undefined) return
      throw problem('request-invalid', {
        errors: [{ path: '', message: 'has credentials, and so has the Authorization header; send one of them' }]
      })
    }
    if (username === undefined && password === undefined) throw credentialsMissing(request, schemes)
    // The same credentials as in HTTP Basic, so a refusal has the same challenge.
    request.scheme = basic
    request.claimedUsername = typeof username === 'string' ? username : ''
    if (typeof username !== 'string' || typeof password !== 'string') throw problem('credentials-wrong')
    await signInBy(request, reply, { name: username, password }, signIn)
  }
}
