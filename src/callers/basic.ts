import basicAuth from '@fastify/basic-auth'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem, problem } from '../problems.js'
import type { Caller, Login } from './store.js'

/** Decides a login; settles with a caller, or throws the Problem to answer. */
export type SignIn = (name: string, password: string, login: Login) => Caller | Promise<Caller>

/** `scope.basicAuth` as a hook that knows the caller once it is through. */
export async function takeBasicCredentials (scope: FastifyInstance, signIn: SignIn): Promise<void> {
  await scope.register(basicAuth, {
    // By callback: the plugin lets a promise that rejects with undefined pass as a login, and one that resolves with anything else end the process.
    validate (name, password, request, _reply, done) {
      if (!isCanonical(request, name, password)) return done(problem('credentials-wrong'))
      identify(request, name, password, signIn).then(() => done(), (cause: unknown) => done(cause instanceof Problem ? cause : problem('internal', { cause })))
    }
  })
}

/** Looks the credentials up, wherever in the request they came from. */
export async function identify (request: FastifyRequest, name: string, password: string, signIn: SignIn): Promise<void> {
  request.claimedName = name
  request.caller = await signIn(name, password, {
    ip: request.address,
    // Fastify makes it when it is first asked for, and ends each with an exception: most logins never wait, and need none.
    get signal () { return request.signal }
  })
}

/** Whether the request brings an `Authorization` of the scheme that is taken here. */
export function bringsBasic (request: FastifyRequest): boolean {
  return /^basic(?= |$)/i.test(request.headers.authorization ?? '')
}

/**
 * Whether name and password encode to the very characters that came. Lenient decoders take base64 with junk, missing
 * padding or bytes that are not UTF-8 for something near it, so that many credentials would pass for one.
 */
function isCanonical (request: FastifyRequest, name: string, password: string): boolean {
  return request.headers.authorization?.slice('Basic '.length) === Buffer.from(`${name}:${password}`).toString('base64')
}
