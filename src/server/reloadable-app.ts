import type { ProviderKeys } from '../callers/bearer/keys.js'
import { coalesce } from '../lib/coalesce.js'
import { textsOf, type Opened } from '../lib/diagnostic.js'
import type { Readiness } from '../monitoring/readiness.js'
import type { AppContext } from './app-options.js'
import { isSameProvider, loginMistakes, openKeys } from './bearer.js'
import { buildApp, type BuiltApp } from './build-app.js'
import { ConfigWatch } from './config-watch.js'
import type { Config } from './config.js'
import { KeyPairChanges } from './key-pair.js'
import type { Handler } from './listener.js'
import { BrokerReadiness } from './readiness.js'
import type { Services } from './services.js'
import { logChangedSessionKeys, logSessionKeys } from './sessions.js'

export interface ReloadableAppOptions {
  /** The config of the start. */
  config: Config
  /** Absolute path that relative paths in the settings start from. */
  cwd: string
  /** Reads the config again. */
  read: () => Promise<Config>
  services: Services
  /** The prefix of all paths; empty where the broker is the whole server. */
  prefix?: string
  /** Whether the secrets are made up, so that Twilio refuses the tokens. `/openapi.json` and the console show it. */
  demo?: boolean | undefined
  /** The broker's own origins. Read at each request, as they are known only once the server listens. */
  ownOrigins: ReadonlySet<string>
  /** Called with each new config just before it is used. */
  onReload?: (next: Config) => void
}

export async function createReloadableApp (options: ReloadableAppOptions): Promise<ReloadableApp> {
  const { config, services, prefix = '', demo, ownOrigins } = options
  const readiness = new BrokerReadiness(services, config.settings)
  const context = { services, prefix, demo, ownOrigins, readiness: () => readiness.now(), started: config.settings }
  return new ReloadableApp(options, context, readiness, await buildApp(config, services.provider.keys, context))
}

/** Holds the app that was built from the current config. A reload replaces that app as a whole. */
export class ReloadableApp {
  readonly #options: ReloadableAppOptions
  readonly #services: Services
  readonly #context: AppContext
  readonly #readiness: BrokerReadiness
  readonly #watch: ConfigWatch
  readonly #keyPair = new KeyPairChanges()
  readonly #readOnce = coalesce(() => this.#readAgain())
  #reading = Promise.resolve()
  #current: BuiltApp

  constructor (options: ReloadableAppOptions, context: AppContext, readiness: BrokerReadiness, first: BuiltApp) {
    this.#options = options
    this.#services = options.services
    this.#context = context
    this.#readiness = readiness
    this.#current = first
    logSessionKeys(this.#services.logger, first.sessions)
    this.#watch = new ConfigWatch(() => this.#startReading(), this.#services.logger)
    this.#watch.watch(options.config)
  }

  readonly handle: Handler = (request, response) => this.#current.app.routing(request, response)

  /** Lists the parts that are needed to issue tokens and do not work now: store, Redis, audit, keys. */
  readonly readiness = (): Readiness => this.#readiness.now()

  /** Makes `/readyz` report `shutdown`. Requests are still answered. */
  markNotReady (): void {
    this.#readiness.markStopping()
  }

  /**
   * Reads changed files, and accepts an API key of which only one half has changed. Mistakes are logged and change nothing. Never rejects.
   */
  async reload (): Promise<void> {
    const { logger, provider, store, audit } = this.#services
    const logged = (work: Promise<unknown>, failure: string) => work.catch(error => logger.error({ err: error }, failure))
    this.#keyPair.acceptHalf()
    await Promise.all([
      this.#startReading().then(() => provider.keys?.refresh()),
      logged(store.reload(), 'the callers cannot be read again; the old ones stay'),
      logged(audit.reopen(), 'AUDIT_LOG cannot be opened again; the old file goes on')
    ])
  }

  async close (): Promise<void> {
    // Otherwise a running reload would open things that are closed here.
    await this.#reading
    this.#watch.close()
    await this.#current.app.close()
  }

  #startReading (): Promise<void> {
    this.#reading = this.#readOnce()
    return this.#reading
  }

  /** Never rejects: an error must not end the process, which may be an application's. */
  async #readAgain (): Promise<void> {
    const change = this.#keyPair.begin(this.#current.settings)
    try {
      const next = await this.#options.read()
      const { settings, kept } = change.choose(next.settings)
      await this.#take({ ...next, settings, diagnostics: kept === undefined ? next.diagnostics : [...next.diagnostics, kept] })
    } catch (error) {
      this.#services.logger.error({ err: error }, 'settings not taken, the old ones stay')
      this.#services.metrics.reloaded('settings', false)
    }
    change.end(this.#current.settings)
  }

  /** Replaces the app by that of the next config, unless there is a mistake. */
  async #take (next: Config): Promise<void> {
    const { logger, metrics } = this.#services
    const { opened: keys, mistakes: ofKeys = [] } = await this.#openKeys(next)
    const mistakes = textsOf([...next.diagnostics, ...ofKeys, ...loginMistakes(next.settings, this.#services)], 'mistake')
    if (mistakes.length > 0) {
      logger.error(`settings not taken, the old ones stay: ${mistakes.join('; ')}`)
      metrics.reloaded('settings', false)
      this.#closeUnused(keys)
      // The operator may correct the mistake in a file that only the new settings name.
      this.#watch.watch(next)
      return
    }
    const built = await buildApp(next, keys, this.#context).catch((error: unknown) => {
      this.#closeUnused(keys)
      throw error
    })
    for (const text of textsOf(next.diagnostics, 'warning')) logger.warn(text)
    this.#options.onReload?.(next)
    this.#swap(built, keys)
    this.#watch.watch(next)
    logger.info('settings taken')
    metrics.reloaded('settings', true)
  }

  async #openKeys (next: Config): Promise<Opened<ProviderKeys | undefined>> {
    const { logger, provider } = this.#services
    if (isSameProvider(this.#current.settings, next.settings)) return { opened: provider.keys }
    return openKeys(next, { cwd: this.#options.cwd, logger })
  }

  #closeUnused (keys: ProviderKeys | undefined): void {
    if (keys !== this.#services.provider.keys) keys?.close()
  }

  /** Running requests continue with the old app, which holds nothing that must be closed. */
  #swap (built: BuiltApp, keys: ProviderKeys | undefined): void {
    const { logger, provider, guessLimiter } = this.#services
    if (keys !== provider.keys) provider.keys?.close()
    const old = this.#current
    this.#current = built
    provider.keys = keys
    guessLimiter.limitFailures(built.settings.LOGIN_FAILURES_MAX)
    logChangedSessionKeys(logger, old.sessions, built.sessions, built.settings)
  }
}
