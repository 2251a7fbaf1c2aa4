import { createApp } from '../http/app.js'
import { NameList } from '../caller.js'
import { coalesce } from '../lib/coalesce.js'
import type { ProviderKeys } from '../callers/bearer/keys.js'
import type { BearerTokens } from '../callers/bearer/tokens.js'
import { createBearer, isSameProvider, openKeys } from './bearer.js'
import type { Handler } from './listener.js'
import { createMint } from '../tokens/mint.js'
import type { Readiness } from '../monitoring/readiness.js'
import { readinessOf, type Services } from './services.js'
import { list } from '../settings/rules.js'
import { awaitedHalf, keepWholeKey, type KeyHalf } from './key-pair.js'
import type { Config } from './config.js'
import { watchFiles } from '../files/watch.js'
import { mistake, textsOf, type Diagnostic } from '../lib/diagnostic.js'
import { detach } from '../lib/detach.js'
import type { Sessions } from '../callers/session/sessions.js'
import { createSessions, endOfSessions } from './sessions.js'

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
  /** The broker's own origins. Read at each request, as they are known only once the server listens. */
  ownOrigins: ReadonlySet<string>
  /** Called with each new config just before it is used. */
  onReload?: (next: Config) => void
}

/** Holds the app that was built from the current config. A reload replaces that app as a whole. */
export interface ReloadableApp {
  handle: Handler
  /** Says which part that the broker needs to issue tokens does not work now: the store, Redis, the audit, the keys. */
  readiness: () => Readiness
  /** Makes `/readyz` report `shutdown`. Requests are still answered. */
  markNotReady (): void
  /** Reads changed files, and accepts an API key of which only one half has changed. Mistakes are logged and change nothing. Never rejects. */
  reload (): Promise<void>
  close (): Promise<void>
}

export async function createReloadableApp ({ config, cwd, read, services, prefix = '', ownOrigins, onReload = () => {} }: ReloadableAppOptions): Promise<ReloadableApp> {
  const { logger, metrics, guessLimiter, store, provider, audit } = services
  let isStopping = false
  const readiness = (): Readiness => {
    const { missing, degraded } = readinessOf(services, config.settings)
    return { missing: isStopping ? [...missing, 'shutdown'] : missing, degraded }
  }
  const sessionsOf = ({ settings }: Config) => createSessions(settings, store.sessions, services.sessions, { ownOrigins, prefix })
  const build = async (config: Config, sessions: Sessions | undefined, keys: ProviderKeys | undefined) =>
    buildApp(config, services, { sessions, bearer: await createBearer(config.settings, keys) }, prefix, ownOrigins, readiness)
  let sessions = sessionsOf(config)
  let app = await build(config, sessions, provider.keys)
  logSessionKeys()
  const readOnce = coalesce(readAgain)
  let reloading = Promise.resolve()
  const takeState = () => { reloading = readOnce(); return reloading }
  let current = config.settings
  let takesHalfKey = false
  let awaited: KeyHalf | undefined

  let watch = new AbortController()
  function watchFilesOf ({ stamps }: Config): void {
    watch.abort()
    watch = new AbortController()
    detach(logged(watchFiles({ stamps: new Map(stamps), signal: watch.signal, onChange: takeState }), 'the settings\' files are not watched any more; send SIGHUP after a change'))
  }
  watchFilesOf(config)

  /** Never rejects: an error must not end the process, which may be an application's. */
  async function readAgain (): Promise<void> {
    const takesHalf = takesHalfKey
    takesHalfKey = false
    const before = current
    try {
      const next = await read()
      const { settings, kept } = takesHalf ? { settings: next.settings } : keepWholeKey(current, next.settings, awaited)
      await take({ ...next, settings, diagnostics: kept === undefined ? next.diagnostics : [...next.diagnostics, kept] })
      // Where something else was wrong, SIGHUP still holds for what the next reading finds.
      if (current === before) takesHalfKey ||= takesHalf
      else awaited = awaitedHalf(before, current, awaited)
    } catch (error) {
      takesHalfKey ||= takesHalf
      logger.error({ err: error }, 'settings not taken, the old ones stay')
      metrics.reloaded('settings', false)
    }
  }

  function loginMistakes ({ settings }: Config): Diagnostic[] {
    return store.signIn === undefined || services.identify !== undefined || settings.JWT_ISSUER !== undefined
      ? []
      : [mistake('JWT_ISSUER', 'missing', 'JWT_ISSUER is missing: this broker was started without a store of callers, so nobody could sign in; put it back, or restart with a store')]
  }

  async function take (next: Config): Promise<void> {
    const { opened: nextKeys, mistakes: ofKeys = [] } = isSameProvider(current, next.settings) ? { opened: provider.keys } : await openKeys(next, { cwd, logger })
    const dropKeys = () => { if (nextKeys !== provider.keys) nextKeys?.close() }
    const mistakes = textsOf([...next.diagnostics, ...ofKeys, ...loginMistakes(next)], 'mistake')
    if (mistakes.length > 0) {
      logger.error(`settings not taken, the old ones stay: ${mistakes.join('; ')}`)
      metrics.reloaded('settings', false)
      dropKeys()
      // The mistake may be corrected in a file that only the new settings name.
      watchFilesOf(next)
      return
    }
    // Running requests continue with the old app, which holds nothing that must be closed.
    const nextSessions = sessionsOf(next)
    const nextApp = await build(next, nextSessions, nextKeys).catch((error: unknown) => {
      dropKeys()
      throw error
    })
    for (const text of textsOf(next.diagnostics, 'warning')) logger.warn(text)
    onReload(next)
    const ended = endOfSessions(sessions, nextSessions, next.settings)
    const isSameKey = String(sessions?.keyIds) === String(nextSessions?.keyIds)
    if (nextKeys !== provider.keys) provider.keys?.close()
    app = nextApp
    current = next.settings
    sessions = nextSessions
    provider.keys = nextKeys
    if (ended !== undefined) logger.warn(ended)
    if (!isSameKey) logSessionKeys()
    guessLimiter.failuresMax = next.settings.LOGIN_FAILURES_MAX
    watchFilesOf(next)
    logger.info('settings taken')
    metrics.reloaded('settings', true)
  }

  /** Nodes with the same first key accept each other's sessions. */
  function logSessionKeys (): void {
    if (sessions === undefined) return
    const [keyId, ...others] = sessions.keyIds
    logger.info({ keyId, alsoTaken: others.length === 0 ? undefined : others }, 'sessions are sealed by this key')
  }

  function logged (work: Promise<unknown>, failure: string): Promise<unknown> {
    return work.catch(error => logger.error({ err: error }, failure))
  }

  return {
    handle: (request, response) => app.routing(request, response),
    readiness,
    markNotReady: () => { isStopping = true },
    async reload () {
      takesHalfKey = true
      await Promise.all([
        takeState().then(() => provider.keys?.refresh()),
        logged(store.reload(), 'the callers cannot be read again; the old ones stay'),
        logged(audit.reopen(), 'AUDIT_LOG cannot be opened again; the old file goes on')
      ])
    },
    async close () {
      // Otherwise it would open again what is closed here.
      await reloading
      watch.abort()
      await app.close()
    }
  }
}

/** Ways to authenticate other than a password. */
interface Credentials {
  sessions: Sessions | undefined
  bearer: BearerTokens | undefined
}

function buildApp ({ settings, products, policy, given }: Config, { logger, store, audit, logins, counters, addresses, foreign, callers, lines, metrics, ...services }: Services, { sessions, bearer }: Credentials, prefix: string, ownOrigins: ReadonlySet<string>, readiness: () => Readiness) {
  const pages = new Set(list(settings.CORS_ORIGINS))
  const publicOrigin = settings.PUBLIC_URL && new URL(settings.PUBLIC_URL).origin
  const own = { has: (origin: string) => origin === publicOrigin || ownOrigins.has(origin) }
  const history = settings.CONSOLE && settings.OPERATORS !== undefined ? services.history : undefined
  const limits = {
    address: { counters: addresses, max: settings.RATE_LIMIT_MAX },
    crossSite: { counters: foreign, max: settings.RATE_LIMIT_MAX },
    caller: { counters: callers, max: settings.CALLER_LIMIT_MAX }
  }
  return createApp({
    logger,
    trustProxy: list(settings.TRUST_PROXY),
    prefix,
    products,
    policy,
    mint: createMint({
      accountSid: settings.TWILIO_ACCOUNT_SID,
      keySid: settings.TWILIO_API_KEY_SID,
      keySecret: settings.TWILIO_API_KEY_SECRET,
      region: settings.TWILIO_REGION
    }),
    audit: history?.recordingTo(audit) ?? audit,
    origins: { has: origin => pages.has(origin) || own.has(origin) },
    ownOrigins: own,
    identify: services.identify,
    hasPasswords: store.signIn === undefined,
    signIn: store.signIn ?? metrics.timed((name, password, login) => logins.login(name, password, login), seconds => history?.login(seconds)),
    operators: new NameList(list(settings.OPERATORS)),
    metrics,
    console: settings.CONSOLE,
    history,
    given,
    readiness,
    limits,
    lines,
    sessions,
    bearer,
    identityHolders: bearer && services.identityHolders,
    usedProofs: services.sessions.usedProofs,
    prefetch: counters.prefetch,
    logins,
    identityForm: settings.IDENTITY_FORM,
    ttl: { default: settings.TOKEN_TTL, max: settings.TOKEN_TTL_MAX ?? settings.TOKEN_TTL }
  })
}
