import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { AddressShare } from './address-share.js'
import { Backlog } from './backlog.js'
import { Http1Connections } from './http1-connections.js'
import { Http2Sessions, settings } from './http2-sessions.js'
import type { KeyPair } from './tls-files.js'
import { answerUnparsable } from './unparsable.js'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Maximum time for a client to send a request or read a response: a slower one only occupies a socket. */
const TIMEOUT_MS = 10_000

/** A shutdown waits this long for running requests. Load balancers and service managers wait 10 s. */
export const DRAIN_MS = 8000

/** After this number of requests a connection ends. */
const MAX_REQUESTS = 1000

const MAX_CONNECTIONS = 10_000

/** Set as properties, because the HTTP/2 server accepts none of them as an option. */
const limits = {
  // Twice the real limit. Up to this size, a hook refuses the request, so that pages can read the reason and HEAD gets no body.
  maxHeaderSize: 32 * 1024,
  headersTimeout: TIMEOUT_MS,
  requestTimeout: TIMEOUT_MS,
  keepAliveTimeout: TIMEOUT_MS,
  // How often Node checks these timeouts; with its default of 30 s, 10 s could become 40.
  connectionsCheckingInterval: 2000,
  maxConnections: MAX_CONNECTIONS,
  // A hook refuses requests without Host and closes the socket. Node would refuse them too, but continue with the next request.
  requireHostHeader: false
}

export interface Listener {
  server: Server
  /** Serves new connections with another pair. Existing connections continue. */
  renew (pair: KeyPair): void
  /** Sets the trusted proxies, which may open more sockets than another address. @param proxies IP addresses and CIDR ranges */
  trustProxies (proxies: string[]): void
  /** From now on, the last response of each connection of HTTP/1.1 says `Connection: close`. */
  announceClose (): void
  /** Accepts no more connections, waits for running requests, then closes every socket, idle or not. */
  drain (): Promise<void>
}

/**
 * Creates the server. Its sockets stay open while a reload replaces the app; each request is handled by the app that was current when it
 * began.
 * @param current returns the current app
 * @param pair for HTTPS, with HTTP/1.1 and HTTP/2; without it, plain HTTP/1.1
 */
export function createListener (current: () => Handler, pair?: KeyPair): Listener {
  const sockets = new Set<Socket>()
  const share = new AddressShare(MAX_CONNECTIONS / 10)
  const backlog = new Backlog()
  let draining = false
  const closeAll = () => { for (const socket of sockets) socket.destroy() }
  const closeRest = () => { if (draining && connections.unanswered === 0 && !sessions?.size) closeAll() }

  /** Fastify has one handler for both protocols, whose type mentions only HTTP/1.1. */
  const serve = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void => {
    const begin = () => current()(request as IncomingMessage, response as ServerResponse)
    if ('stream' in request) sessions!.admit(request, response as Http2ServerResponse, begin)
    else if (connections.admit(request, response as ServerResponse)) begin()
  }
  const secure = pair && createSecureServer({ ...secureOptions(pair), allowHTTP1: true, handshakeTimeout: TIMEOUT_MS, settings }, serve)
  const server: Server = secure ?? createServer(serve)
  const connections = new Http1Connections({ timeoutMs: TIMEOUT_MS, maxRequests: MAX_REQUESTS, backlog }, closeRest)
  const sessions = secure && new Http2Sessions(
    secure,
    { timeoutMs: TIMEOUT_MS, closeTimeoutMs: DRAIN_MS, maxRequests: MAX_REQUESTS, backlog },
    closeRest
  )
  Object.assign(server, limits)
  // Also fires for sockets whose TLS handshake is not complete.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    share.admit(socket)
    if (secure === undefined) connections.add(socket)
  })
  secure?.on('secureConnection', (socket: TLSSocket) => { if (socket.alpnProtocol !== 'h2') connections.add(socket) })
  leaveNothingToNode(server, serve)
  everySecond(server, () => {
    connections.endLate()
    sessions?.endLate()
  })

  return {
    server,
    renew: pair => secure?.setSecureContext(secureOptions(pair)),
    trustProxies: proxies => share.exempt(proxies),
    announceClose: () => connections.announceClose(),
    drain: () => new Promise(resolve => {
      const late = setTimeout(closeAll, DRAIN_MS)
      server.close(() => {
        clearTimeout(late)
        resolve()
      })
      draining = true
      sessions?.endAll()
      closeRest()
    })
  }
}

type Serve = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void

/** Handles the requests that Node would otherwise answer itself, without running the app's hooks. */
function leaveNothingToNode (server: Server, serve: Serve): void {
  server.on('clientError', answerUnparsable)
  // RFC 9110 §10.1.1 allows ignoring the expectation. Node's own 417 has no problem body and no CORS headers.
  server.on('checkExpectation', serve)
  // CONNECT: Node answers 405 itself over HTTP/2. Over HTTP/1.1 the socket is closed, as it is without a listener.
  server.on('connect', (request: IncomingMessage | Http2ServerRequest, answerOrSocket: Http2ServerResponse | Socket) => {
    if ('stream' in request) serve(request, answerOrSocket as Http2ServerResponse)
    else answerOrSocket.destroy()
  })
  // Runs before Node's listener, which would emit clientError: an answer would wait for ever for the handshake that failed.
  server.prependListener('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
}

/** Runs `work` every second while the server listens. */
function everySecond (server: Server, work: () => void): void {
  server.once('listening', () => {
    const clock = setInterval(work, 1000)
    server.once('close', () => clearInterval(clock))
  })
}

function secureOptions ({ cert, key }: KeyPair) {
  return { cert, key, minVersion: 'TLSv1.2' } as const
}
