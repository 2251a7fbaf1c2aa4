import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LoginContext } from '../callers/store.js'
import { hangUpSignal } from './hang-up.js'
import { hostRequest } from './host-request.js'

/** The context of a request that a store of callers gets. */
export class RequestLogin implements LoginContext {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  #signal: AbortSignal | undefined

  constructor (request: FastifyRequest, reply: FastifyReply) {
    this.#request = request
    this.#reply = reply
  }

  get hostRequest (): object | undefined {
    return hostRequest(this.#request.raw)
  }

  get ip (): string {
    return this.#request.address
  }

  get traceparent (): string | undefined {
    return this.#request.trace?.traceparent
  }

  /** Created on first use: most logins never wait and need none. */
  get signal (): AbortSignal {
    this.#signal ??= hangUpSignal(this.#reply)
    return this.#signal
  }
}
