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

/** The application, as far as its type goes: structural, so that it may be an instance of any Fastify 5, and not only of the one that the broker itself uses. */
export interface Application {
  readonly prefix: string
  readonly server: object
  readonly log: object
}

export interface BrokerOptions {
  /** Where it lives in the application, such as `/twilio`: a plain path of its own. */
  prefix: string
  settings: GivenSettings
  /** The application's own login; it is asked under the broker's limits of guesses. Left out, nobody has a password. */
  authenticate?: Authenticate
  /**
   * Who is signed in with the application already, by its cookie for instance. It is asked where a page of the application itself sends a
   * POST without `Authorization` that no other site can have sent: JSON, with the header `X-Requested-With`.
   */
  identify?: Identify
  /**
   * Seconds, up to 900, for which a right password need not be asked for again. Only where `authenticate` decides by
   * name and password alone. By default it is asked each time.
   */
  rememberFor?: number
  /** What relative paths in the settings start from; by default the process's working directory. */
  cwd?: string
  /** Is handed `reload`, which takes up a changed policy or key file at once, and a rotated audit log. Call it on SIGHUP, for instance. */
  onStart?: (broker: { reload: () => Promise<void> }) => void
}

/**
 * The broker inside an application that has a server and users of its own.
 *
 * It runs as an app behind the application's router, not as a scope of it: the two may use the same plugins, whose
 * decorators would meet in one, and no hook, parser or error handler of either touches the other's answers.
 *
 * @example
 * await app.register(broker, {
 *   prefix: '/twilio',
 *   settings: { TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET, AUDIT_LOG: 'audit.log' },
 *   authenticate: async (username, password) => await users.check(username, password) ? {} : null
 * })
 * @throws StartError with every mistake there is
 */
export async function broker (application: Application, options: BrokerOptions): Promise<void> {
  // `register` hands over nothing else.
  const scope = application as FastifyInstance
  // Without any, the three secrets are what is missing.
  const { authenticate, identify, rememberFor = 0, onStart } = options
  const settings = isRecord(options.settings) ? options.settings : {}
  const cwd = typeof options.cwd === 'string' ? options.cwd : process.cwd()
  const read = async () => {
    const config = await readConfig(givenSources(settings, optionMistakes(options, scope.prefix)), cwd, { foldNames: true })
    return { ...config, diagnostics: [...config.diagnostics, ...unknownGiven(settings, config), ...authenticate === undefined && identify === undefined ? [] : prefixMistakes(config.settings)] }
  }
  const config = await read()
  const services = await openServices(config, {
    cwd,
    stdout: process.stdout,
    logger: scope.log,
    ...applicationCallers({ authenticate, identify, log: scope.log, cacheMs: rememberFor * 1000 })
  })
  const ownOrigins = new Set<string>()
  const reloadable = await createReloadableApp({ config, cwd, read, services, prefix: scope.prefix, ownOrigins }).catch(error => closeAfter(error, services))
  // By now every request is answered.
  scope.addHook('onClose', async () => {
    await reloadable.close()
    await closeServices(services)
  })
  scope.addHook('preClose', async () => reloadable.markNotReady())
  scope.addHook('onListen', async () => {
    const scheme = 'setSecureContext' in scope.server ? 'https' : 'http'
    for (const bound of scope.addresses() as Array<string | AddressInfo>) {
      // That of a Unix socket is a path, which no page comes from.
      if (typeof bound === 'object') for (const origin of originsOf(scheme, bound.address, bound.port)) ownOrigins.add(origin)
    }
  })

  const hand = async (request: FastifyRequest, reply: FastifyReply) => {
    linkHostRequest(request)
    closeWithSocket(request.raw, reply.raw)
    reply.hijack()
    reloadable.handle(request.raw, reply.raw)
  }
  // Before the application reads a body. The routes are there to be found, whatever else it routes.
  scope.addHook('onRequest', hand)
  scope.all('/', { exposeHeadRoute: false }, hand)
  scope.all('/*', { exposeHeadRoute: false }, hand)
  // For the methods that it does not know.
  scope.setNotFoundHandler(hand)
  onStart?.({ reload: () => reloadable.reload() })
}

/** Without a path of its own, the broker would answer for paths that are the application's. */
const PLAIN_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/

/** The application's part may have more; but a parameter, a wildcard, or what requests spell otherwise leads to no path that the broker knows. */
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
