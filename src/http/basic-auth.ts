import fastifyBasicAuth from '@fastify/basic-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SignIn } from '../callers/login.js'
import { Problem, problem } from '../problems.js'
import { RequestLogin } from './request-login.js'
import type { Scheme } from './scheme.js'

export interface BasicAuthOptions {
  signIn: SignIn
  /** False where there is no store, and so nobody has a password. */
  hasPasswords: boolean
}

export interface Credentials {
  readonly name: string
  readonly password: string
}

/** HTTP Basic, RFC 7617. Its §2.1: the challenge says that names and passwords are sent as UTF-8. */
export async function basicAuth (scope: FastifyInstance, { signIn, hasPasswords }: BasicAuthOptions): Promise<Scheme> {
  await scope.register(fastifyBasicAuth, {
    // With a callback: the plugin takes a promise that rejects with undefined for a login, and one that resolves with a value ends the process.
    validate (name, password, request, reply, done) {
      if (!isCanonical(request, name, password)) return done(problem('credentials-wrong'))
      signInBy(request, reply, { name, password }, signIn).then(() => done(), (cause: unknown) => {
        done(cause instanceof Problem ? cause : problem('internal', { cause }))
      })
    }
  })
  return {
    name: 'basic',
    via: 'basic',
    isClosed: !hasPasswords,
    usage: `a name and a password as HTTP Basic credentials (RFC 7617) or, at POST ${scope.prefix}/token, as username and password in the JSON body`,
    challenge: () => 'Basic realm="twilio-token-broker", charset="UTF-8"',
    identify: (request, reply) => new Promise((resolve, reject) => {
      scope.basicAuth(request, reply, error => error === undefined ? resolve() : reject(error))
    })
  }
}

/** Checks name and password, wherever in the request they were sent. */
export async function signInBy (request: FastifyRequest, reply: FastifyReply, { name, password }: Credentials, signIn: SignIn): Promise<void> {
  request.claimedUsername = name
  request.caller = await signIn(name, password, new RequestLogin(request, reply))
}

/** Name and password of a request's `Authorization`, where it has them in their one canonical form. */
export function basicCredentials (request: FastifyRequest): Credentials | undefined {
  const { authorization = '' } = request.headers
  if (!/^basic /i.test(authorization)) return
  const text = Buffer.from(authorization.slice('Basic '.length), 'base64').toString()
  const at = text.indexOf(':')
  const [name, password] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  return isCanonical(request, name, password) ? { name, password } : undefined
}

/**
 * Whether name and password encode to the very characters that were sent. Lenient decoders take base64 with junk, missing
 * padding or bytes that are not UTF-8 for something near it, so that many credentials would pass for one.
 */
function isCanonical (request: FastifyRequest, name: string, password: string): boolean {
  return request.headers.authorization?.slice('Basic '.length) === Buffer.from(`${name}:${password}`).toString('base64')
}
