import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRecord } from '../lib/is-record.js'
import { problem } from '../problems.js'
import { signInBy, type BasicAuthOptions } from './basic-auth.js'
import { credentialsMissing } from './identify.js'
import type { Scheme } from './scheme.js'
import type { RequestStep } from './request-step.js'

export interface IdentifyByBodyOptions extends BasicAuthOptions {
  schemes: readonly Scheme[]
}

/** Authenticates by `username` and `password` in the JSON body, on routes that accept them. */
export function identifyByBody (options: IdentifyByBodyOptions): RequestStep {
  return (request, reply) => {
    if (request.routeOptions.config.credentialsInBody) return authenticate(request, reply, options)
  }
}

async function authenticate (request: FastifyRequest, reply: FastifyReply, { signIn, schemes }: IdentifyByBodyOptions): Promise<void> {
  const { username, password } = isRecord(request.body) ? request.body : {}
  if (username === undefined && password === undefined) {
    // Either the header named the caller, or the step `identifyByApplication` will.
    if (request.caller !== null || request.schemeWithoutHeader !== null) return
    throw credentialsMissing(request, schemes)
  }
  if (request.caller !== null) {
    throw problem('request-invalid', {
      errors: [{ path: '', message: 'has credentials, and so has the Authorization header; send one of them' }]
    })
  }
  // These are Basic credentials, so a refusal has the Basic challenge.
  request.scheme = schemes.find(({ name }) => name === 'basic')!
  // `signInBy` sets it as well, but a name that is no text never gets there, and its audit line has an empty name.
  request.claimedUsername = typeof username === 'string' ? username : ''
  if (typeof username !== 'string' || typeof password !== 'string') throw problem('credentials-wrong')
  await signInBy(request, reply, { name: username, password }, signIn)
}
