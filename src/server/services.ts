import { resolve } from 'node:path'
import { createAudit, type Audit } from '../audit/audit-log.js'
import { fileSink, standardSink } from '../audit/sink.js'
import type { ProviderKeys } from '../callers/bearer/keys.js'
import { IdentityHolders } from '../callers/identity-holders.js'
import { guessCounters } from '../callers/guess-counters.js'
import { GuessLimiter } from '../callers/guess-limiter.js'
import { LockedNames } from '../callers/locked-names.js'
import type { VerifyHash } from '../callers/passwords/hash-threads.js'
import { Logins } from '../callers/login.js'
import type { UnlockedNames } from '../callers/unlocked-names.js'
import { createSessionMemory, type SessionMemory } from '../callers/session/memory.js'
import type { IdentifyRequest } from '../callers/stores/identify.js'
import { openStore, type OpenOptions, type OpenStore } from '../callers/stores/open.js'
import { HashQueue } from '../callers/passwords/hash-queue.js'
import { hasMistakes, mistake, textsOf, type Opened } from '../lib/diagnostic.js'
import type { Log } from '../lib/log.js'
import type { Counters, CounterSource } from '../limits/counters.js'
import { createLines, type Lines } from '../limits/lines.js'
import { memory } from '../limits/memory/counters.js'
import { History } from '../monitoring/history.js'
import { createMetrics, type Metrics } from '../monitoring/metrics.js'
import type { Settings } from '../settings/schema.js'
import { openKeys } from './bearer.js'
import { mayOpenStore, type Config } from './config.js'
import { openCounters } from './open-counters.js'
import { StartError } from './start-error.js'
import { openUnlockedNames } from './unlock.js'

/** The files, connections and counts that a reload does not replace. */
export interface Services {
  logger: Log
  store: OpenStore
  identify: IdentifyRequest | undefined
  /** The identity provider. A reload may replace it. */
  provider: { keys: ProviderKeys | undefined }
  audit: Audit
  guessLimiter: GuessLimiter
  unlockedNames: UnlockedNames
  lockedNames: LockedNames
  logins: Logins
  identityHolders: IdentityHolders
  /** Where all counts are kept: here, or in a Redis that other nodes share. */
  counters: CounterSource
  addresses: Counters
  /** Requests from pages of other origins, by address. Counted in this process only. */
  foreign: Counters
  callers: Counters
  sessions: SessionMemory
  lines: Lines
  /** Whether the log has a line for each request, also for those in the audit. */
  logsAllRequests: boolean
  metrics: Metrics
  history: History
}

const MINUTE_MS = 60_000

export interface ServicesOptions {
  cwd: string
  /** For the audit. */
  stdout: NodeJS.WritableStream
  logger: Log
  /** Where the log is written; undefined inside an application, which has its own log. */
  log?: { readonly dropped?: number, readonly logsAllRequests?: boolean } | undefined
  /** Compares passwords with hashes. Default: in separate threads. */
  verifyHash?: VerifyHash | undefined
  /** The store of callers. Default: the one that the settings name. */
  store?: OpenStore | undefined
  /** Returns who is signed in with the application that contains the broker. */
  identify?: IdentifyRequest | undefined
}

/** @throws StartError with every mistake there is, those of the settings included */
export async function openServices (
  config: Config,
  { cwd, stdout, logger, log, verifyHash, store: given, identify }: ServicesOptions
): Promise<Services> {
  const { settings } = config
  const queue = new HashQueue()
  const metrics = createMetrics()
  const [{ opened: keys, mistakes: ofKeys = [] }, { opened: store, mistakes: ofStore = [] }] = await Promise.all([
    openKeys(config, { cwd, logger }),
    storeOf(config, { cwd, log: logger, queue, verifyHash, onReload: accepted => metrics.reloaded('users', accepted), mayStart: !hasMistakes(config.diagnostics) }, given)
  ])
  const { opened: audit, mistakes: ofAudit = [] } = await openAudit(settings, cwd, stdout)
  for (const text of textsOf(config.diagnostics, 'warning')) logger.warn(text)
  const diagnostics = [...config.diagnostics, ...ofKeys, ...ofStore, ...ofAudit]
  if (hasMistakes(diagnostics) || store === undefined || audit === undefined) {
    keys?.close()
    await Promise.all([store?.close(), audit?.close()])
    throw new StartError(diagnostics)
  }
  const provider = { keys }
  const counters = await openCounters(settings, cwd, logger)
  const lines = createLines()
  const sessions = createSessionMemory(counters)
  metrics.watch({ queue, store, provider, counters, audit, lines, usedProofs: sessions.usedProofs, log })
  const unlockedNames = await openUnlockedNames(settings, counters, cwd, logger)
  const guesses = guessCounters(counters)
  const { unlockedAt } = unlockedNames
  const lockedNames = new LockedNames({
    unlockedAt,
    // A store other than the users file cannot be asked. There a name is a caller's once it has signed in, in whatever spelling.
    nameOf: (typed, canonicalName) => store.hasName === undefined
      ? guesses.knownAddresses.hasName(canonicalName) ? canonicalName.toLowerCase() : undefined
      : store.hasName(typed) ? typed : undefined
  })
  const guessLimiter = new GuessLimiter({ ...guesses, failuresMax: settings.LOGIN_FAILURES_MAX, unlockedAt, lockedNames })
  return {
    logger,
    store,
    identify,
    provider,
    audit,
    guessLimiter,
    unlockedNames,
    lockedNames,
    logins: new Logins({ store, guessLimiter }),
    identityHolders: new IdentityHolders(name => store.hasName?.(name) ?? false),
    counters,
    addresses: counters.counters('address', MINUTE_MS),
    foreign: memory.counters('foreign', MINUTE_MS),
    callers: counters.counters('caller', MINUTE_MS),
    sessions,
    lines,
    logsAllRequests: log?.logsAllRequests ?? false,
    metrics,
    history: new History()
  }
}

export async function closeServices ({ store, provider, audit, counters, unlockedNames }: Services): Promise<void> {
  provider.keys?.close()
  await unlockedNames.close()
  counters.close()
  await store.close()
  await audit.close()
}

/** Closes the services of a start that failed later: the process may continue, as an application does. */
export async function closeAfter (failure: unknown, services: Services): Promise<never> {
  await closeServices(services)
  throw failure
}

async function storeOf (config: Config, options: OpenOptions, given: OpenStore | undefined): Promise<Opened<OpenStore>> {
  if (given !== undefined) return { opened: given }
  return mayOpenStore(config) ? openStore(config.settings, options) : { mistakes: [] }
}

async function openAudit ({ AUDIT_LOG: log = 'stdout' }: Partial<Settings>, cwd: string, stdout: NodeJS.WritableStream): Promise<Opened<Audit>> {
  try {
    return { opened: createAudit(log === 'stdout' ? standardSink(stdout) : await fileSink(resolve(cwd, log))) }
  } catch {
    return { mistakes: [mistake('AUDIT_LOG', 'unreadable', 'AUDIT_LOG names a file that cannot be opened for writing; check the path and its mode')] }
  }
}
