import { randomUUID } from 'node:crypto'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { broker, type BrokerOptions } from './broker.js'
import { undecodable } from './request.js'

export interface AppOptions extends BrokerOptions {
  logger: FastifyBaseLogger
  /** IP addresses and CIDR ranges whose X-Forwarded-For is believed. */
  trustProxy: string[]
}

/** The broker as an app of its own. It does not listen: sockets outlive it. */
export async function createApp ({ logger, trustProxy, ...options }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // A logger for each request, to carry its id, costs more than to write that id into the line.
    childLoggerFactory: logger => logger,
    requestIdHeader: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    exposeHeadRoutes: false,
    // What is already under way when it closes is answered as ever.
    return503OnClosing: false,
    rewriteUrl (request) {
      if (decodes(request.url!)) return request.url!
      undecodable.add(request)
      return '/token/undecodable'
    }
  })
  logRequests(app)
  await app.register(broker, options)
  await app.ready()
  return app
}

function decodes (url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url.split('?', 1)[0]!)
    return true
  } catch {
    return false
  }
}

/** One line a request. The path's query is left out: people put passwords there. */
function logRequests (app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info({
      reqId: request.id,
      method: request.method,
      path: request.url.split('?', 1)[0],
      product: request.routeOptions.config.product,
      status: reply.statusCode,
      code: request.refusedAs ?? undefined,
      ms: Math.round(reply.elapsedTime * 10) / 10
    }, 'request')
    done()
  })
}
