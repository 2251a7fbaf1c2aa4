import fastifyBasicAuth from '@fastify/basic-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SignIn } from '../callers/login.js'
import { callbackResult } from '../lib/callback-result.js'
import { whenReady } from '../lib/when-ready.js'
import { Problem, problem } from '../problems.js'
import { RequestLogin } from './request-login.js'
import type { Scheme } from './scheme.js'

export interface BasicAuthOptions {
  signIn: SignIn
  /** False without a store of callers. */
  hasPasswords: boolean
}

export interface Credentials {
  readonly name: string
  readonly password: string
}

/** HTTP Basic (RFC 7617). By §2.1, the challenge tells clients to send names and passwords as UTF-8. */
export async function basicAuth (scope: FastifyInstance, { signIn, hasPasswords }: BasicAuthOptions): Promise<Scheme> {
  await scope.register(fastifyBasicAuth, {
    // A callback instead of a promise: the plugin treats a promise that rejects with undefined as a login, and one that resolves with a
    // value ends the process.
    validate (name, password, request, reply, done) {
      if (!isCanonical(request, name, password)) return done(problem('credentials-wrong'))
      const fail = (cause: unknown) => done(cause instanceof Problem ? cause : problem('internal', { cause }))
      try {
        const waiting = signInBy(request, reply, { name, password }, signIn)
        if (waiting === undefined) done()
        else waiting.then(() => done(), fail)
      } catch (cause) {
        fail(cause)
      }
    }
  })
  return {
    name: 'basic',
    via: 'basic',
    isClosed: !hasPasswords,
    usage: `a name and a password as HTTP Basic credentials (RFC 7617) or, at POST ${scope.prefix}/token, as username and password in the JSON body`,
    challenge: () => 'Basic realm="twilio-token-broker", charset="UTF-8"',
    identify: (request, reply) => callbackResult(done => scope.basicAuth(request, reply, done))
  }
}

/** Verifies name and password from the header or the body. Waits for nothing where the caller is cached. */
export function signInBy (
  request: FastifyRequest,
  reply: FastifyReply,
  { name, password }: Credentials,
  signIn: SignIn
): void | Promise<void> {
  request.claimedUsername = name
  return whenReady(signIn(name, password, new RequestLogin(request, reply)), caller => { request.caller = caller })
}

/** Returns name and password of the `Authorization` header if they are encoded canonically. */
export function basicCredentials (request: FastifyRequest): Credentials | undefined {
  const { authorization = '' } = request.headers
  if (!/^basic /i.test(authorization)) return
  const text = Buffer.from(authorization.slice('Basic '.length), 'base64').toString()
  const at = text.indexOf(':')
  const [name, password] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  return isCanonical(request, name, password) ? { name, password } : undefined
}

/**
 * Whether name and password encode to exactly the characters that were sent. Lenient decoders accept base64 with junk, without padding or
 * with bytes that are not UTF-8, so that many credentials would mean the same.
 */
function isCanonical (request: FastifyRequest, name: string, password: string): boolean {
  return request.headers.authorization?.slice('Basic '.length) === Buffer.from(`${name}:${password}`).toString('base64')
}
