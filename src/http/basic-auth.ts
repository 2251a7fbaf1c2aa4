import basicAuth from '@fastify/basic-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, problem } from '../problems.js'
import { hangUpOf, outer } from './request-context.js'
import type { Caller, Login } from '../callers/store.js'

/** Decides a login; settles with a caller, or throws the Problem to answer. */
export type SignIn = (name: string, password: string, login: Login) => Caller | Promise<Caller>

export interface Credentials {
  readonly name: string
  readonly password: string
}

/** `scope.basicAuth` as a hook that knows the caller once it is through. */
export async function takeBasicCredentials (scope: FastifyInstance, signIn: SignIn): Promise<void> {
  await scope.register(basicAuth, {
    // By callback: the plugin lets a promise that rejects with undefined pass as a login, and one that resolves with anything else end the process.
    validate (name, password, request, reply, done) {
      if (!isCanonical(request, name, password)) return done(problem('credentials-wrong'))
      const refuse = (cause: unknown) => done(cause instanceof Problem ? cause : problem('internal', { cause }))
      let waits: Promise<void> | undefined
      try {
        waits = identify(request, reply, { name, password }, signIn)
      } catch (cause) {
        return refuse(cause)
      }
      if (waits === undefined) done()
      else waits.then(() => done(), refuse)
    }
  })
}

/** Looks the credentials up, wherever in the request they came from: at once where they are remembered. */
export function identify (request: FastifyRequest, reply: FastifyReply, { name, password }: Credentials, signIn: SignIn): Promise<void> | undefined {
  request.claimedName = name
  const caller = signIn(name, password, new RequestLogin(request, reply))
  if (caller instanceof Promise) return caller.then(caller => { request.caller = caller })
  request.caller = caller
}

class RequestLogin implements Login {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  #signal: AbortSignal | undefined

  constructor (request: FastifyRequest, reply: FastifyReply) {
    this.#request = request
    this.#reply = reply
  }

  get hostRequest (): object | undefined {
    return outer(this.#request.raw)
  }

  get ip (): string {
    return this.#request.address
  }

  /** Made when it is first asked for: most logins never wait, and need none. */
  get signal (): AbortSignal {
    this.#signal ??= hangUpOf(this.#reply)
    return this.#signal
  }
}

/** Whether the request brings an `Authorization` of the scheme that is taken here. */
export function bringsBasic (request: FastifyRequest): boolean {
  return /^basic(?= |$)/i.test(request.headers.authorization ?? '')
}

/** Name and password of a request's `Authorization`, where it has them in their one canonical form. */
export function basicCredentials (request: FastifyRequest): Credentials | undefined {
  if (!bringsBasic(request)) return
  const text = Buffer.from(request.headers.authorization!.slice('Basic '.length), 'base64').toString()
  const at = text.indexOf(':')
  const [name, password] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  return isCanonical(request, name, password) ? { name, password } : undefined
}

/**
 * Whether name and password encode to the very characters that came. Lenient decoders take base64 with junk, missing
 * padding or bytes that are not UTF-8 for something near it, so that many credentials would pass for one.
 */
function isCanonical (request: FastifyRequest, name: string, password: string): boolean {
  return request.headers.authorization?.slice('Basic '.length) === Buffer.from(`${name}:${password}`).toString('base64')
}
