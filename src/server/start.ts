import { setTimeout } from 'node:timers/promises'
import { pino, type DestinationStream, type Logger } from 'pino'
import type { VerifyHash } from '../callers/passwords/hash-threads.js'
import { watchClock } from './clock-watch.js'
import { addressOf, listen } from './listen.js'
import { createListener, DRAIN_MS, type Listener } from './listener.js'
import { originsOf } from '../http/origins.js'
import { escapeInvisible } from '../lib/printable.js'
import { openMetricsPort, type MetricsPort, type MetricsPortOptions } from './metrics-port.js'
import { keepRenewed } from './tls-reload.js'
import { closeAfter, closeServices, openServices, type Services } from './services.js'
import { createReloadableApp, type ReloadableApp } from './reloadable-app.js'
import type { Environment } from '../settings/sources.js'
import { list } from '../settings/rules.js'
import { needRestart } from '../settings/shown.js'
import type { Settings } from '../settings/schema.js'
import { hasDotenv, readAgain, readStart, type Config } from './config.js'

export interface LogStream extends DestinationStream {
  /** Number of dropped lines. */
  readonly dropped?: number
  /** Whether every request is logged, as on a terminal. Default: only requests that are not in the audit. */
  readonly logsAllRequests?: boolean
}

export interface StartOptions {
  env: Environment
  /** Absolute path; where `.env` is, and what other paths start from. */
  cwd: string
  /** For the audit. */
  stdout: NodeJS.WritableStream
  /** For the log. */
  log: LogStream
  /** Compares passwords with hashes. Default: in threads. */
  verifyHash?: VerifyHash
  /** Whether the secrets are made up, so that Twilio refuses the tokens. `/openapi.json` and the console show it. */
  demo?: boolean
}

export interface Running {
  /** The URL that it listens on. */
  url: string
  /** The URL of metrics and readiness without a login, if METRICS_PORT is set. */
  metricsUrl: string | undefined
  logger: Logger
  /** `close` takes at most this time. */
  graceMs: number
  /** Reads changed files, as on SIGHUP. Mistakes are logged and change nothing. */
  reload (): Promise<void>
  close (): Promise<void>
}

/**
 * Reads the settings, opens the services, builds the app, and listens.
 * @throws StartError with all mistakes in settings and files
 */
export async function start ({ env, cwd, stdout, log, verifyHash, demo }: StartOptions): Promise<Running> {
  const { pair, ...config } = await readStart(env, cwd)
  const logger = createLogger(config.settings, log)
  const services = await openServices(config, { cwd, stdout, logger, log, verifyHash })
  // Filled once the server listens, because PORT may be 0. The app reads it at each request.
  const ownOrigins = new Set<string>()
  const reloadable = await createReloadableApp({
    config,
    cwd,
    read: rereadOf(config, env, cwd),
    services,
    ownOrigins,
    demo,
    onReload (next) {
      warnOfRestart(config.settings, next.settings, logger)
      logger.level = next.settings.LOG_LEVEL
      listener.trustProxies(list(next.settings.TRUST_PROXY))
    }
  }).catch(error => closeAfter(error, services))
  const listener = createListener(() => reloadable.handle, pair)
  listener.trustProxies(list(config.settings.TRUST_PROXY))
  const { port, metricsPort } = await openPorts(config.settings, listener.server, {
    metrics: services.metrics,
    readiness: reloadable.readiness
  }).catch(async error => {
    await reloadable.close()
    return closeAfter(error, services)
  })
  const scheme = pair === undefined ? 'http' : 'https'
  for (const origin of originsOf(scheme, config.settings.HOST, port)) ownOrigins.add(origin)
  const url = `${scheme}://${addressOf(config.settings.HOST, port)}`
  logger.info({ url, products: config.products.map(({ product }) => product.name) }, 'listening')
  if (metricsPort !== undefined) logger.info({ url: metricsPort.url }, 'metrics and readiness without a login')
  return running({ url, settings: config.settings, cwd, logger, services, reloadable, listener, metricsPort })
}

function createLogger ({ LOG_LEVEL: level }: Settings, log: LogStream): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: escapeInvisible } }, log)
}

/** Returns the function with which a reload reads the config again. */
function rereadOf (config: Config, env: Environment, cwd: string): () => Promise<Config> {
  let hadDotenv = hasDotenv(config, cwd)
  return async () => {
    const next = await readAgain(env, cwd, hadDotenv)
    hadDotenv ||= hasDotenv(next, cwd)
    return next
  }
}

function warnOfRestart (started: Settings, next: Settings, logger: Logger): void {
  for (const name of needRestart) if (next[name] !== started[name]) logger.warn(`${name} has changed, which needs a restart`)
}

/**
 * Opens the metrics port, if METRICS_PORT is set, and then the main one. If that fails, closes the metrics port.
 * @throws StartError
 */
async function openPorts (
  { HOST, PORT, METRICS_HOST, METRICS_PORT }: Settings,
  server: Listener['server'],
  sources: Pick<MetricsPortOptions, 'metrics' | 'readiness'>
): Promise<{ port: number, metricsPort: MetricsPort | undefined }> {
  const metricsPort = METRICS_PORT === undefined ? undefined : await openMetricsPort({ host: METRICS_HOST, port: METRICS_PORT, ...sources })
  try {
    return { port: await listen(server, HOST, PORT), metricsPort }
  } catch (error) {
    await metricsPort?.close()
    throw error
  }
}

interface Parts {
  url: string
  settings: Settings
  cwd: string
  logger: Logger
  services: Services
  reloadable: ReloadableApp
  listener: Listener
  metricsPort: MetricsPort | undefined
}

/** Watches certificate and clock while the broker runs, and returns the functions that reload and close it. */
function running ({ url, settings, cwd, logger, services, reloadable, listener, metricsPort }: Parts): Running {
  const renewal = keepRenewed(settings, cwd, logger, listener.renew, taken => services.metrics.reloaded('certificate', taken))
  const clock = watchClock(by => {
    services.metrics.clockStepped()
    logger.warn(`this machine's clock was set by ${Math.round(by / 1000)} s; Twilio refuses tokens of a wrong clock`)
  })
  return {
    url,
    metricsUrl: metricsPort?.url,
    logger,
    graceMs: settings.SHUTDOWN_DELAY * 1000 + DRAIN_MS,
    async reload () {
      await Promise.all([reloadable.reload(), renewal.renew()])
    },
    async close () {
      reloadable.markNotReady()
      listener.announceClose()
      await setTimeout(settings.SHUTDOWN_DELAY * 1000)
      clock.close()
      await Promise.all([listener.drain(), metricsPort?.close(), reloadable.close(), renewal.close()])
      await closeServices(services)
    }
  }
}
