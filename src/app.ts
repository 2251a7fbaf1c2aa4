import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { bodyLimit } from './body.js'
import { broker, type BrokerOptions } from './broker.js'
import { problem, problemBody } from './problems.js'
import { undecodable } from './request.js'

export interface AppOptions extends BrokerOptions {
  logger: FastifyBaseLogger
  /** IP addresses and CIDR ranges whose X-Forwarded-For is believed. */
  trustProxy: string[]
}

/** Milliseconds. What comes slower than this holds a socket for nothing; Node looks every `connectionsCheckingInterval`. */
const patience = 10_000

/** The broker as a server of its own. */
export async function createApp ({ logger, trustProxy, ...options }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    bodyLimit,
    requestTimeout: patience,
    keepAliveTimeout: patience,
    maxRequestsPerSocket: 1000,
    http: { headersTimeout: patience, connectionsCheckingInterval: 2000 },
    exposeHeadRoutes: false,
    // What is already under way when the server closes is answered as ever.
    return503OnClosing: false,
    rewriteUrl (request) {
      if (decodes(request.url!)) return request.url!
      undecodable.add(request)
      return '/token/undecodable'
    },
    clientErrorHandler: (error, socket) => answerUnparsable(error, socket as Socket)
  })
  app.server.maxConnections = 10_000
  logRequests(app)
  await app.register(broker, options)
  return app
}

function decodes (url: string): boolean {
  try {
    decodeURIComponent(url.split('?', 1)[0]!)
    return true
  } catch {
    return false
  }
}

/** One line a request. The path's query is left out: people put passwords there. */
function logRequests (app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info({
      method: request.method,
      path: request.url.split('?', 1)[0],
      product: request.routeOptions.config.product,
      status: reply.statusCode,
      code: request.refusedAs ?? undefined,
      ms: Math.round(reply.elapsedTime * 10) / 10
    }, 'request')
  })
}

/** What Node's parser refuses never becomes a request: it is answered on the bare socket, which then closes. */
function answerUnparsable (error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const body = error.code === 'HPE_HEADER_OVERFLOW' ? JSON.stringify(problemBody(problem('headers-too-large'), randomUUID())) : ''
  const status = statuses[error.code ?? ''] ?? 400
  socket.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...(body === '' ? [] : ['Content-Type: application/problem+json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '', body
  ].join('\r\n'))
}

const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }
