import type { RequestStep } from './request-step.js'

/** Sockets that close once a refusal is sent. A request behind an ambiguous one may be smuggled. */
const closingSockets = new WeakSet<object>()

/** Leaves all further requests on the socket without an answer. */
export function closeSocket (socket: object): void {
  closingSockets.add(socket)
}

/** Answers nothing on a socket that is closing. */
export function skipClosingSockets (): RequestStep {
  return (request, reply) => {
    if (closingSockets.has(request.raw.socket)) reply.hijack()
  }
}
