import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRecord } from '../lib/is-record.js'
import { problem } from '../problems.js'
import { signInBy, type BasicAuthOptions } from './basic-auth.js'
import { credentialsMissing } from './identify.js'
import type { Scheme } from './scheme.js'
import type { RequestStep } from './request-step.js'

export interface BodyCredentialsOptions extends BasicAuthOptions {
  schemes: readonly Scheme[]
}

/** Authenticates by `username` and `password` in the JSON body, on routes that accept them. */
export function identifyByBody (options: BodyCredentialsOptions): RequestStep {
  return (request, reply) => {
    if (request.routeOptions.config.credentialsInBody) return identify(request, reply, options)
  }
}

async function identify (request: FastifyRequest, reply: FastifyReply, { signIn, schemes }: BodyCredentialsOptions): Promise<void> {
  const { username, password } = isRecord(request.body) ? request.body : {}
  const isMissing = username === undefined && password === undefined
  if (request.caller !== null) {
    if (isMissing) return
    throw problem('request-invalid', {
      errors: [{ path: '', message: 'has credentials, and so has the Authorization header; send one of them' }]
    })
  }
  if (isMissing && request.recognizedScheme !== null) return
  if (isMissing) throw credentialsMissing(request, schemes)
  // These are Basic credentials, so a refusal has the Basic challenge.
  request.scheme = schemes.find(({ name }) => name === 'basic')!
  request.claimedUsername = typeof username === 'string' ? username : ''
  if (typeof username !== 'string' || typeof password !== 'string') throw problem('credentials-wrong')
  await signInBy(request, reply, { name: username, password }, signIn)
}
