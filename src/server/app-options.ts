import type { BearerTokens } from '../callers/bearer/tokens.js'
import type { Sessions } from '../callers/session/sessions.js'
import { NameList } from '../caller.js'
import type { AppOptions } from '../http/app.js'
import type { Readiness } from '../monitoring/readiness.js'
import { list } from '../settings/rules.js'
import type { Settings } from '../settings/schema.js'
import { shownValues } from '../settings/shown.js'
import { createMint } from '../tokens/mint.js'
import type { Config } from './config.js'
import type { Services } from './services.js'

/** What stays the same for all apps that are built one after another. */
export interface AppContext {
  services: Services
  /** The prefix of all paths; empty where the broker is the whole server. */
  prefix: string
  /** Whether the secrets are made up. */
  demo?: boolean | undefined
  /** The broker's own origins. Read at each request, as they are known only once the server listens. */
  ownOrigins: ReadonlySet<string>
  readiness: () => Readiness
  /** The settings of the start, of which some stay in force through reloads. */
  started: Settings
}

/** Ways to authenticate other than a password. */
interface Credentials {
  sessions: Sessions | undefined
  bearer: BearerTokens | undefined
}

/** Translates a config, and the services it runs on, into the options of an app. */
export function appOptions (
  { settings, products, policy, given }: Config,
  { services, prefix, demo, ownOrigins, readiness, started }: AppContext,
  { sessions, bearer }: Credentials
): AppOptions {
  const { logger, store, identify, audit, logins, lockedNames, counters, lines, logsAllRequests, metrics } = services
  const history = settings.CONSOLE && settings.OPERATORS !== undefined ? services.history : undefined
  return {
    logger,
    trustProxy: list(settings.TRUST_PROXY),
    prefix,
    demo,
    products,
    policy,
    mint: mintOf(settings),
    audit: history?.recordingTo(audit, products.map(({ product }) => product.name)) ?? audit,
    ...originsOf(settings, ownOrigins),
    identify,
    hasPasswords: store.signIn === undefined,
    signIn: store.signIn ?? metrics.timed(
      (name, password, login) => logins.login(name, password, login),
      seconds => history?.login(seconds)
    ),
    operators: new NameList(list(settings.OPERATORS)),
    metrics,
    console: settings.CONSOLE,
    history,
    lockedNames,
    given,
    shown: shownValues(settings, started),
    readiness,
    limits: limitsOf(settings, services),
    lines,
    logsAllRequests,
    sessions,
    bearer,
    identityHolders: services.identityHolders,
    usedProofs: services.sessions.usedProofs,
    prefetch: counters.prefetch,
    logins,
    identityForm: settings.IDENTITY_FORM,
    ttl: { default: settings.TOKEN_TTL, max: settings.TOKEN_TTL_MAX ?? settings.TOKEN_TTL }
  }
}

function mintOf (settings: Settings) {
  return createMint({
    accountSid: settings.TWILIO_ACCOUNT_SID,
    keySid: settings.TWILIO_API_KEY_SID,
    keySecret: settings.TWILIO_API_KEY_SECRET,
    region: settings.TWILIO_REGION
  })
}

function originsOf (settings: Settings, ownOrigins: ReadonlySet<string>): Pick<AppOptions, 'origins' | 'ownOrigins'> {
  const pages = new Set(list(settings.CORS_ORIGINS))
  const publicOrigin = settings.PUBLIC_URL && new URL(settings.PUBLIC_URL).origin
  const own = { has: (origin: string) => origin === publicOrigin || ownOrigins.has(origin) }
  return { origins: { has: origin => pages.has(origin) || own.has(origin) }, ownOrigins: own }
}

function limitsOf (settings: Settings, { addresses, foreign, callers }: Services): AppOptions['limits'] {
  return {
    address: { counters: addresses, max: settings.RATE_LIMIT_MAX },
    crossSite: { counters: foreign, max: settings.RATE_LIMIT_MAX },
    caller: { counters: callers, max: settings.CALLER_LIMIT_MAX }
  }
}
