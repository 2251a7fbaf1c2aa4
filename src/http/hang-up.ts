import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyReply } from 'fastify'

/** Whether the client has left. HTTP/2 shows it on the stream. A response that waits behind another one of its socket shows it on the socket alone. */
export function hasHungUp ({ raw, request }: FastifyReply): boolean {
  return raw.destroyed || request.raw.socket.destroyed || (raw as { stream?: ServerHttp2Stream }).stream?.destroyed === true
}

/**
 * A signal that is aborted when the client hangs up. Fastify's own signal does not do: it is aborted as soon as a body has
 * been read to its end, and not when the client leaves after that.
 */
export function hangUpSignal (reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  if (hasHungUp(reply)) controller.abort()
  // `close` is also emitted after a complete answer, when there is nothing left to abort.
  reply.raw.once('close', () => { if (!reply.raw.writableEnded) controller.abort() })
  return controller.signal
}
