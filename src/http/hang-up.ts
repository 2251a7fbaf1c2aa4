import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'

const unfinished = new WeakMap<Socket, Set<ServerResponse>>()

/**
 * The responses of a socket that are not finished, in the order of their requests. When the socket closes, each of them emits `close`. Node emits it only
 * on the response that is being written, so the requests pipelined behind that one would never learn that their client has left.
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

/** Makes a response emit `close` when its socket closes. HTTP/2 needs no help, as each of its streams closes by itself. */
export function closeWithSocket (request: IncomingMessage, response: ServerResponse): void {
  if ('stream' in request) return
  const responses = unfinishedResponses(request.socket).add(response)
  response.once('close', () => responses.delete(response))
}

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
