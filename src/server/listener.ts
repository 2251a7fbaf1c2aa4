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

/** Milliseconds. What comes or is taken slower than this holds a socket for nothing. */
const patience = 10_000

/** Milliseconds that a shutdown waits for what is under way. Load balancers and service managers wait 10 s. */
export const drainTime = 8000

/** Requests on one connection, after which it ends. */
const maxRequests = 1000

const maxConnections = 10_000

/** As properties: the server that also speaks HTTP/2 takes none of them as an option, and has no others. */
const limits = {
  // Twice what is taken: up to here a request that is too large is refused further in, where pages can read why, and HEAD gets no body.
  maxHeaderSize: 32 * 1024,
  headersTimeout: patience,
  requestTimeout: patience,
  keepAliveTimeout: patience,
  // How often Node looks at the times above; its own 30 s would make 10 s into 40.
  connectionsCheckingInterval: 2000,
  maxConnections,
  // A request without Host is refused further in: Node itself would go on with those behind it on the socket.
  requireHostHeader: false
}

export interface Listener {
  server: Server
  /** Serves new connections with another pair. Those that there are go on. */
  renew (pair: KeyPair): void
  /** Sets the proxies in front, which may hold more than the share of one address. @param proxies IP addresses and CIDR ranges */
  trustProxies (proxies: string[]): void
  /** From now on, the last response of each connection of HTTP/1.1 says `Connection: close`. */
  announceClose (): void
  /** Takes no more connections, lets what is under way be answered, then closes every socket, idle or half-sent. */
  drain (): Promise<void>
}

/**
 * The sockets, which stay while the app behind them is exchanged. Each request is handled whole by the app that it began with.
 * @param pair serves HTTPS, as HTTP/1.1 and HTTP/2; without it, HTTP/1.1 alone
 */
export function createListener (current: () => Handler, pair?: KeyPair): Listener {
  const sockets = new Set<Socket>()
  const share = new AddressShare(maxConnections / 10)
  const backlog = new Backlog()
  let draining = false
  const closeAll = () => { for (const socket of sockets) socket.destroy() }
  const closeRest = () => { if (draining && connections.unanswered === 0 && !sessions?.size) closeAll() }

  /** Fastify serves the requests of both protocols by one handler, whose type names one of them. */
  const serve = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void => {
    const begin = () => current()(request as IncomingMessage, response as ServerResponse)
    if ('stream' in request) sessions!.admit(request, response as Http2ServerResponse, begin)
    else if (connections.admit(request, response as ServerResponse)) begin()
  }
  const secure = pair && createSecureServer({ ...secureOptions(pair), allowHTTP1: true, handshakeTimeout: patience, settings }, serve)
  const server: Server = secure ?? createServer(serve)
  const connections = new Http1Connections({ patience, maxRequests, backlog }, closeRest)
  const sessions = secure && new Http2Sessions(secure, { patience, ending: drainTime, maxRequests, backlog }, closeRest)
  Object.assign(server, limits)
  // Beneath TLS: also those that have not shaken hands.
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
      const late = setTimeout(closeAll, drainTime)
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

/** Node answers these by itself, and no hook runs. */
function leaveNothingToNode (server: Server, serve: Serve): void {
  server.on('clientError', answerUnparsable)
  // RFC 9110 §10.1.1: what is expected may be passed over. Node's own 417 is no problem, and no page could read it.
  server.on('checkExpectation', serve)
  // Node's own 405 of HTTP/2. Over HTTP/1.1 there is no answer, as without a listener.
  server.on('connect', (request: IncomingMessage | Http2ServerRequest, answerOrSocket: Http2ServerResponse | Socket) => {
    if ('stream' in request) serve(request, answerOrSocket as Http2ServerResponse)
    else answerOrSocket.destroy()
  })
  // Ahead of Node, which would make it a clientError: an answer to one who never shook hands would wait for that for ever.
  server.prependListener('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
}

/** For as long as it listens. */
function everySecond (server: Server, work: () => void): void {
  server.once('listening', () => {
    const clock = setInterval(work, 1000)
    server.once('close', () => clearInterval(clock))
  })
}

function secureOptions ({ cert, key }: KeyPair) {
  return { cert, key, minVersion: 'TLSv1.2' } as const
}
