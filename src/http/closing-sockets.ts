import type { RequestStep } from './request-step.js'

/** Sockets that are closed once a refusal is sent: a request after an ambiguous one may be smuggled. */
const closingSockets = new WeakSet<object>()

/** Makes the broker ignore all further requests on a socket. */
export function closeSocket (socket: object): void {
  closingSockets.add(socket)
}

/** Ignores requests on a socket that is being closed. */
export function skipClosingSockets (): RequestStep {
  return (request, reply) => {
    if (closingSockets.has(request.raw.socket)) reply.hijack()
  }
}
