import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isRecord } from '../lib/is-record.js'
import { applicationCallers } from '../callers/stores/application.js'
import type { Authenticate } from '../callers/stores/authenticate.js'
import type { Identify } from '../callers/stores/identify.js'
import { closeWithSocket } from '../http/hang-up.js'
import { linkHostRequest } from '../http/host-request.js'
import { originsOf } from '../http/origins.js'
import { closeAfter, closeServices, openServices } from './services.js'
import { createReloadableApp } from './reloadable-app.js'
import { givenSources, unknownGiven, type GivenSettings } from '../settings/embedded.js'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { prefixMistakes } from '../settings/jwt-rules.js'
import { readConfig } from './config.js'

/** A Fastify instance. The type is structural, so that any Fastify 5 will do, not only the version that the broker itself uses. */
export interface Application {
  readonly prefix: string
  readonly server: object
  readonly log: object
}

export interface BrokerOptions {
  /** The path of the broker in the application, such as `/twilio`: a plain path of its own. */
  prefix: string
  settings: GivenSettings
  /** The application's own login. The broker limits guesses before it calls this. Without it, nobody has a password. */
  authenticate?: Authenticate
  /**
   * Returns who is signed in with the application already, for example by its cookie. Called for a POST without `Authorization` that only a
   * page of the application itself can send: JSON, with the header `X-Requested-With`.
   */
  identify?: Identify
  /**
   * Seconds, 0 to 900, for which a right password is cached. Default: 0, `authenticate` is called each time. Use it only if `authenticate`
   * decides by name and password alone.
   */
  rememberFor?: number
  /** The folder that relative paths in the settings start from. Default: the process's working directory. */
  cwd?: string
  /**
   * Called once with `reload`, which reads a changed policy or key file immediately and reopens the audit log. Call `reload` on SIGHUP, for
   * example.
   */
  onStart?: (broker: { reload: () => Promise<void> }) => void
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
  // Without settings, the three secrets are reported as missing.
  const { authenticate, identify, rememberFor = 0, onStart } = options
  const settings = isRecord(options.settings) ? options.settings : {}
  const cwd = typeof options.cwd === 'string' ? options.cwd : process.cwd()
  const read = async () => {
    const config = await readConfig(givenSources(settings, optionMistakes(options, scope.prefix)), cwd, { foldNames: true })
    return {
      ...config,
      diagnostics: [
        ...config.diagnostics,
        ...unknownGiven(settings, config),
        ...authenticate === undefined && identify === undefined ? [] : prefixMistakes(config.settings)
      ]
    }
  }
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
    const scheme = 'setSecureContext' in scope.server ? 'https' : 'http'
    for (const bound of scope.addresses() as Array<string | AddressInfo>) {
      // A string is the path of a Unix socket, which no page comes from.
      if (typeof bound === 'object') for (const origin of originsOf(scheme, bound.address, bound.port)) ownOrigins.add(origin)
    }
  })

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
  onStart?.({ reload: () => reloadable.reload() })
}

/** The broker needs a path of its own: otherwise it would answer for paths of the application. */
const PLAIN_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/

/**
 * The application's part may contain more characters, but no parameter or wildcard, and none that requests may encode: the broker must know
 * its path.
 */
const LITERAL_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~!$&'()+,;=@-]+)*$/

type Options = Partial<Record<keyof BrokerOptions, unknown>>

/** @param whole the prefix with that of the application's scope */
function optionMistakes ({ prefix, settings, authenticate, identify, rememberFor = 0, cwd = '', onStart }: Options, whole: string): Diagnostic[] {
  const isPlain = PLAIN_PATH.test(String(prefix))
  const hasOthers = identify !== undefined || (isRecord(settings) && settings.JWT_ISSUER !== undefined)
  const rules: Array<[isRight: boolean, option: keyof BrokerOptions, says: string]> = [
    [isPlain, 'prefix', 'must be a plain path of the broker\'s own, such as /twilio'],
    [!isPlain || LITERAL_PATH.test(whole), 'prefix', 'lies below a path of the application that has a parameter or a wildcard, or is not plain text: register the broker below a fixed path'],
    [settings === undefined || isRecord(settings), 'settings', 'must be an object, such as { TWILIO_ACCOUNT_SID: \'AC…\' }'],
    [typeof authenticate === 'function' || (authenticate === undefined && hasOthers), 'authenticate', 'must be a function that takes a name, a password and the request; it may be left out beside identify, or with JWT_ISSUER'],
    [identify === undefined || typeof identify === 'function', 'identify', 'must be a function that takes the request'],
    [typeof rememberFor === 'number' && rememberFor >= 0 && rememberFor <= MAX_REMEMBER_SECONDS, 'rememberFor', `must be a number of seconds, 0 to ${MAX_REMEMBER_SECONDS}`],
    [typeof cwd === 'string', 'cwd', 'must be the path of a folder'],
    [onStart === undefined || typeof onStart === 'function', 'onStart', 'must be a function']
  ]
  return rules.filter(([isRight]) => !isRight).map(([, option, says]) => mistake(option, 'invalid', `${option} ${says}`))
}

/** As long as logins of a users file are cached. */
const MAX_REMEMBER_SECONDS = 900
