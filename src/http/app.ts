import { randomUUID } from 'node:crypto'
import { METHODS, type IncomingMessage } from 'node:http'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { broker, type BrokerOptions } from './pipeline.js'
import { inventedMethods, outer, unroutable } from './request-context.js'

export interface AppOptions extends BrokerOptions {
  logger: FastifyBaseLogger
  /** IP addresses and CIDR ranges whose X-Forwarded-For is believed. */
  trustProxy: string[]
  /** Under which all paths lie, such as `/twilio`; empty where the broker is the whole server. */
  prefix: string
}

/** What the router knows. */
const methods = new Set(METHODS)

/** The broker as an app of its own. It does not listen: sockets outlive it. */
export async function createApp ({ logger, trustProxy, prefix, ...options }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: raw => usableId(outer(raw)?.id) ?? randomUUID(),
    // A logger for each request, to carry its id, costs more than to write that id into the line.
    childLoggerFactory: logger => logger,
    requestIdHeader: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    exposeHeadRoutes: false,
    // What is already under way when it closes is answered as ever.
    return503OnClosing: false,
    // A path of any length has a route: the router's own refusal of a long one (414) repeats it.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER },
    rewriteUrl (request) {
      if (unroutable.has(request)) return `${prefix}/token/unroutable`
      makeRoutable(request)
      // The router of an application around it may take other spellings for the prefix.
      return request.url!.startsWith(prefix) ? request.url! : `${prefix}/elsewhere`
    },
    // The router answers these itself and runs no hook, so it would skip limits, CORS and audit. The guarded scope refuses them instead.
    frameworkErrors (_error, request, reply) {
      unroutable.add(request.raw)
      app.routing(request.raw, reply.raw)
    }
  })
  await app.register(scope => broker(scope, options), { prefix })
  await app.ready()
  return app
}

/** The application's own id, where it is short and plain: it may have taken it from a header of the client, and it goes into headers and every line. */
function usableId (id: string | undefined): string | undefined {
  return id !== undefined && /^[\w.:+/=@-]{1,128}$/.test(id) ? id : undefined
}

/** Fastify runs no hook for a method or a form of target that it does not know. HTTP/2 lets through any method, and CONNECT has no path there. */
function makeRoutable (request: IncomingMessage): void {
  if (!methods.has(request.method!)) {
    inventedMethods.set(request, request.method!)
    request.method = 'TRACE'
  }
  request.url = originForm(request.url ?? '/')
}

/** RFC 9112 §3.2.2: as proxies are asked. Who is asked is not looked at, and neither routed by nor logged: a password may stand there. */
function originForm (url: string): string {
  if (url.startsWith('/')) return url
  const path = url.replace(/^https?:\/\/[^/?#]*\/?/i, '/')
  // Such as the asterisk of OPTIONS, which the router would take for the root.
  return path.startsWith('/') ? path : `/${path}`
}
