import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'

const unfinished = new WeakMap<Socket, Set<ServerResponse>>()

/**
 * Returns the unfinished responses of a socket, in the order of their requests. When the socket closes, all of them emit `close`. Node
 * emits it only on the response that is being written, so pipelined requests after that one would never learn that their client has
 * disconnected.
 */
export function unfinishedResponses (socket: Socket): Set<ServerResponse> {
  const known = unfinished.get(socket)
  if (known !== undefined) return known
  const responses = new Set<ServerResponse>()
  unfinished.set(socket, responses)
  socket.once('close', () => {
    for (const response of responses) {
      response.destroy()
      response.emit('close')
    }
  })
  return responses
}

/** Makes a response emit `close` when its socket closes. HTTP/2 streams do that themselves. */
export function closeWithSocket (request: IncomingMessage, response: ServerResponse): void {
  if ('stream' in request) return
  const responses = unfinishedResponses(request.socket).add(response)
  response.once('close', () => responses.delete(response))
}

/**
 * Whether the client has disconnected. HTTP/2 shows that on the stream; a response that waits behind another one shows it only on the
 * socket.
 */
export function hasHungUp ({ raw, request }: FastifyReply): boolean {
  return raw.destroyed || request.raw.socket.destroyed || (raw as { stream?: ServerHttp2Stream }).stream?.destroyed === true
}

/**
 * Returns a signal that is aborted when the client disconnects. Fastify's own signal is not suitable: it is aborted as soon as the body has
 * been read, and not by a later disconnect.
 */
export function hangUpSignal (reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  if (hasHungUp(reply)) controller.abort()
  // `close` is also emitted after a complete answer; then there is nothing to abort.
  reply.raw.once('close', () => { if (!reply.raw.writableEnded) controller.abort() })
  return controller.signal
}
