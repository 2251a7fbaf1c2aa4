import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { applicationCallers } from '../callers/stores/application.js'
import { closeWithSocket } from '../http/hang-up.js'
import { linkHostRequest } from '../http/host-request.js'
import { originsOf } from '../http/origins.js'
import { closeAfter, closeServices, openServices } from './services.js'
import { createReloadableApp, type ReloadableApp } from './reloadable-app.js'
import { isRecord } from '../lib/is-record.js'
import { givenSources, unknownGiven } from '../settings/embedded.js'
import { prefixMistakes } from '../settings/jwt-rules.js'
import { readConfig, type Config } from './config.js'
import { optionMistakes, type BrokerOptions } from './embedded-options.js'

export type { BrokerOptions } from './embedded-options.js'

/** A Fastify instance. The type is structural, so that any Fastify 5 will do, not only the version that the broker itself uses. */
export interface Application {
  readonly prefix: string
  readonly server: object
  readonly log: object
}

/**
 * Runs the broker inside an application that has a server and users of its own.
 *
 * The broker is a separate Fastify app behind the application's router, not a scope of it. So both may use the same plugins, and no hook,
 * parser or error handler of one affects the other.
 *
 * @example
 * await app.register(broker, {
 *   prefix: '/twilio',
 *   settings: { TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET, AUDIT_LOG: 'audit.log' },
 *   authenticate: async (username, password) => await users.check(username, password) ? {} : null
 * })
 * @throws StartError with all mistakes in settings, options and files
 */
export async function broker (application: Application, options: BrokerOptions): Promise<void> {
  // `register` always passes a Fastify instance.
  const scope = application as FastifyInstance
  const { authenticate, identify, rememberFor = 0, onStart } = options
  const cwd = typeof options.cwd === 'string' ? options.cwd : process.cwd()
  const read = () => readGiven(options, scope.prefix, cwd)
  const config = await read()
  const services = await openServices(config, {
    cwd,
    stdout: process.stdout,
    logger: scope.log,
    ...applicationCallers({ authenticate, identify, log: scope.log, cacheMs: rememberFor * 1000 })
  })
  const ownOrigins = new Set<string>()
  const reloadable = await createReloadableApp({
    config,
    cwd,
    read,
    services,
    prefix: scope.prefix,
    ownOrigins
  }).catch(error => closeAfter(error, services))
  // Fastify runs onClose after all requests are answered.
  scope.addHook('onClose', async () => {
    await reloadable.close()
    await closeServices(services)
  })
  scope.addHook('preClose', async () => reloadable.markNotReady())
  scope.addHook('onListen', async () => {
    for (const origin of originsOfServer(scope)) ownOrigins.add(origin)
  })
  forwardTo(reloadable, scope)
  onStart?.({ reload: () => reloadable.reload() })
}

/** Reads the settings among the options, and reports every mistake in them and in the other options. */
async function readGiven (options: BrokerOptions, prefix: string, cwd: string): Promise<Config> {
  // Without settings, the three secrets are reported as missing.
  const settings = isRecord(options.settings) ? options.settings : {}
  const config = await readConfig(givenSources(settings, optionMistakes(options, prefix)), cwd, { remoteStore: true })
  const hasLogin = options.authenticate !== undefined || options.identify !== undefined
  return {
    ...config,
    diagnostics: [...config.diagnostics, ...unknownGiven(settings, config), ...hasLogin ? prefixMistakes(config.settings) : []]
  }
}

function originsOfServer (scope: FastifyInstance): string[] {
  const scheme = 'setSecureContext' in scope.server ? 'https' : 'http'
  // A string is the path of a Unix socket, from which no page is served.
  return (scope.addresses() as Array<string | AddressInfo>).flatMap(bound =>
    typeof bound === 'object' ? originsOf(scheme, bound.address, bound.port) : [])
}

/** Hands every request below the prefix to the broker's own app. */
function forwardTo (reloadable: ReloadableApp, scope: FastifyInstance): void {
  const forward = async (request: FastifyRequest, reply: FastifyReply) => {
    linkHostRequest(request)
    closeWithSocket(request.raw, reply.raw)
    reply.hijack()
    reloadable.handle(request.raw, reply.raw)
  }
  // Runs before the application reads a body. The routes only make sure that its router finds the broker.
  scope.addHook('onRequest', forward)
  scope.all('/', { exposeHeadRoute: false }, forward)
  scope.all('/*', { exposeHeadRoute: false }, forward)
  // For methods that the application does not know.
  scope.setNotFoundHandler(forward)
}
