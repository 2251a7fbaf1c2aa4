import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { isIP, type AddressInfo, type Server, type Socket } from 'node:net'
import { problem, problemBody } from '../problems.js'
import { hurry, Sessions, settings } from './http2-sessions.js'
import { StartError } from './config.js'
import type { KeyPair } from './tls-files.js'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Milliseconds. What comes slower than this holds a socket for nothing. */
const patience = 10_000

/** Milliseconds that a shutdown waits for what is under way. Load balancers and service managers wait 10 s. */
export const drainTime = 8000

/** Requests on one connection, after which it ends. */
const most = 1000

/** As properties: the server that also speaks HTTP/2 takes none of them as an option, and has no others. */
const limits = {
  // Twice what is taken: up to here a request that is too large is refused further in, where pages can read why, and HEAD gets no body.
  maxHeaderSize: 32 * 1024,
  headersTimeout: patience,
  requestTimeout: patience,
  keepAliveTimeout: patience,
  // How often Node looks at the times above; its own 30 s would make 10 s into 40.
  connectionsCheckingInterval: 2000,
  maxRequestsPerSocket: most,
  maxConnections: 10_000,
  // A request without Host is refused further in: Node itself would go on with those behind it on the socket.
  requireHostHeader: false
}

export interface Listener {
  server: Server
  /** Serves new connections with another pair. Those that there are go on. */
  renew (pair: KeyPair): void
  /** Takes no more connections, lets what is under way be answered, then closes every socket, idle or half-sent. */
  drain (): Promise<void>
}

/**
 * The sockets, which stay while the app behind them is exchanged. Each request is handled whole by the app that it began with.
 * @param pair serves HTTPS, as HTTP/1.1 and HTTP/2; without it, HTTP/1.1 alone
 */
export function createListener (current: () => Handler, pair?: KeyPair): Listener {
  const sockets = new Set<Socket>()
  let underWay = 0
  let draining = false
  const closeAll = () => { for (const socket of sockets) socket.destroy() }
  const closeRest = () => { if (draining && underWay === 0 && !sessions?.size) closeAll() }

  const done = () => {
    underWay--
    closeRest()
  }
  const handle: Handler = (request, response) => {
    underWay++
    // It comes once.
    response.on('close', done)
    current()(request, response)
  }
  const secure = pair && createSecureServer({ ...secureOptions(pair), allowHTTP1: true, handshakeTimeout: patience, settings }, both(handle))
  const sessions = secure && new Sessions(secure, { patience, ending: drainTime, most }, closeRest)
  const server: Server = secure ?? createServer(handle)
  Object.assign(server, limits)
  // Beneath TLS: also those that have not shaken hands.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('clientError', answerUnparsable)
  // RFC 9110 §10.1.1: what is expected may be passed over. Node's own 417 is no problem, and no page could read it.
  server.on('checkExpectation', handle)
  // Node's own 405 of HTTP/2 runs no hook. Over HTTP/1.1 there is no answer, as without a listener.
  secure?.on('connect', (request: IncomingMessage | Http2ServerRequest, answerOrSocket: Http2ServerResponse | Socket) => {
    if ('stream' in request) both(handle)(request, answerOrSocket as Http2ServerResponse)
    else answerOrSocket.destroy()
  })
  // Ahead of Node, which would make it a clientError: an answer to one who never shook hands would wait for that for ever.
  server.prependListener('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())

  return {
    server,
    renew: pair => secure?.setSecureContext(secureOptions(pair)),
    drain: () => new Promise(resolve => {
      const late = setTimeout(closeAll, drainTime)
      server.close(() => {
        clearTimeout(late)
        resolve()
      })
      draining = true
      sessions?.end()
      closeRest()
    })
  }
}

function secureOptions ({ cert, key }: KeyPair) {
  return { cert, key, minVersion: 'TLSv1.2' } as const
}

/** Fastify serves the requests of both protocols by one handler, whose type names one of them. */
function both (handle: Handler) {
  return (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void => {
    if ('stream' in request && 'stream' in response) hurry(request, response, patience)
    handle(request as IncomingMessage, response as ServerResponse)
  }
}

const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** What Node's parser refuses never becomes a request: it is answered on the bare socket, which then closes. */
function answerUnparsable (error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status = statuses[error.code!] ?? 400
  const body = status === 431 ? JSON.stringify(problemBody(problem('headers-too-large'), randomUUID())) : ''
  socket.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...(body === '' ? [] : ['Content-Type: application/problem+json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '', body
  ].join('\r\n'))
}

/**
 * @returns the port, which the system chooses where PORT is 0
 * @throws StartError
 */
export async function listen (server: Server, host: string, port: number): Promise<number> {
  try {
    await once(server.listen({ host, port }), 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError([cannotListen(code, host, port)])
  }
  return (server.address() as AddressInfo).port
}

function cannotListen (code: string | undefined, host: string, port: number): string {
  const reasons: Record<string, string> = {
    EADDRINUSE: `PORT is taken by another process: ${addressOf(host, port)} is in use. End that process, or choose another port by PORT or --port`,
    EACCES: `PORT may not be used by this user: ${port} is below 1024. Choose one above 1023 by PORT or --port`,
    EADDRNOTAVAIL: 'HOST is not an address of this machine',
    ENOTFOUND: 'HOST is a name that does not resolve'
  }
  return reasons[code!] ?? `HOST and PORT cannot be listened on (${code})`
}

/** As a URL has it. */
export function addressOf (host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
