import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { problem, problemBody } from './problems.js'
import { StartError } from './state.js'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Milliseconds. What comes slower than this holds a socket for nothing. */
const patience = 10_000

/** Milliseconds that a shutdown waits for what is under way. Load balancers and service managers wait 10 s. */
export const drainTime = 8000

export interface Listener {
  server: Server
  /** Takes no more connections, lets what is under way be answered, then closes every socket, idle or half-sent. */
  drain (): Promise<void>
}

/** The sockets, which stay while the app behind them is exchanged. Each request is handled whole by the app that it began with. */
export function createListener (current: () => Handler): Listener {
  let underWay = 0
  let closeRest = () => {}
  const server = createServer({
    headersTimeout: patience,
    requestTimeout: patience,
    keepAliveTimeout: patience,
    // How often Node looks at the times above; its own 30 s would make 10 s into 40.
    connectionsCheckingInterval: 2000
  }, (request, response) => {
    underWay++
    response.once('close', () => {
      underWay--
      closeRest()
    })
    current()(request, response)
  })
  server.maxRequestsPerSocket = 1000
  server.maxConnections = 10_000
  server.on('clientError', answerUnparsable)

  return {
    server,
    drain: () => new Promise(resolve => {
      const late = setTimeout(() => server.closeAllConnections(), drainTime)
      server.close(() => {
        clearTimeout(late)
        resolve()
      })
      closeRest = () => { if (underWay === 0) server.closeAllConnections() }
      closeRest()
    })
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
    throw new StartError([cannotListen[code!] ?? `HOST and PORT cannot be listened on (${code})`])
  }
  return (server.address() as AddressInfo).port
}

const cannotListen: Record<string, string> = {
  EADDRINUSE: 'PORT is taken by another process; stop that one, or choose another PORT',
  EACCES: 'PORT may not be used by this user; choose one above 1023',
  EADDRNOTAVAIL: 'HOST is not an address of this machine',
  ENOTFOUND: 'HOST is a name that does not resolve'
}
