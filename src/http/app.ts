import { randomUUID } from 'node:crypto'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { validatorOf } from '../lib/ajv.js'
import type { Log } from '../lib/log.js'
import { hostRequest } from './host-request.js'
import { pipeline, type PipelineOptions } from './pipeline.js'
import { makeRoutable, undecodablePaths } from './request-target.js'

export interface AppOptions extends PipelineOptions {
  /** Pino's or Fastify's logger. */
  logger: Log
  /** IP addresses and CIDR ranges of the proxies whose X-Forwarded-For is trusted. */
  trustProxy: string[]
  /** The prefix of all paths, such as `/twilio`; empty where the broker is the whole server. */
  prefix: string
}

/**
 * Validates requests by their schemas. Response schemas are only for types and OpenAPI: Fastify's serializer would drop properties that a
 * schema lacks. Given here, because Fastify would otherwise load compilers of its own, which takes a twentieth of a start.
 */
const compilersFactory = {
  // Fastify hands it the route with the schema, whatever its type says.
  buildValidator: () => (route: unknown) => validatorOf((route as { schema: object }).schema),
  buildSerializer: () => () => JSON.stringify
}

/** The broker as a Fastify app of its own. It does not listen: a reload replaces the app and keeps the sockets. */
export async function createApp ({ logger, trustProxy, prefix, ...options }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: raw => usableId(hostRequest(raw)?.id) ?? randomUUID(),
    // A child logger for each request costs more than writing the request's id into each line.
    childLoggerFactory: logger => logger,
    requestIdHeader: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory },
    // While the app closes, requests that still reach it are answered as usual, and not with 503.
    return503OnClosing: false,
    // The router's own refusal of a long path (414) would repeat the path.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER },
    rewriteUrl (request) {
      if (undecodablePaths.has(request)) return `${prefix}/token/unroutable`
      makeRoutable(request)
      // The router of an application around it may accept other spellings of the prefix.
      return request.url!.startsWith(prefix) ? request.url! : `${prefix}/elsewhere`
    },
    // The router would answer a path that cannot be decoded without running hooks, so without limits, CORS and audit. A step of the
    // pipeline refuses it.
    frameworkErrors (_error, request, reply) {
      undecodablePaths.add(request.raw)
      app.routing(request.raw, reply.raw)
    }
  })
  await app.register(scope => pipeline(scope, options), { prefix })
  await app.ready()
  return app
}

/** Uses the application's request id if it is short and plain. It goes into headers and log lines, and may come from a client's header. */
function usableId (id: string | undefined): string | undefined {
  return id !== undefined && /^[\w.:+/=@-]{1,128}$/.test(id) ? id : undefined
}
