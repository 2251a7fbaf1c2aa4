import { setTimeout } from 'node:timers/promises'
import { pino, type DestinationStream, type Logger } from 'pino'
import type { VerifyHash } from '../callers/passwords/hash-threads.js'
import { watchClock } from './clock-watch.js'
import { addressOf, listen } from './listen.js'
import { createListener, DRAIN_MS } from './listener.js'
import { originsOf } from '../http/origins.js'
import { escapeInvisible } from '../lib/printable.js'
import { openMetricsPort, type MetricsPort } from './metrics-port.js'
import type { Readiness } from '../monitoring/readiness.js'
import { keepRenewed } from './tls-reload.js'
import { closeAfter, closeServices, openServices, type Services } from './services.js'
import { createReloadableApp } from './reloadable-app.js'
import type { Environment } from '../settings/sources.js'
import { list } from '../settings/rules.js'
import { needRestart } from '../settings/shown.js'
import type { Settings } from '../settings/schema.js'
import { hasDotenv, readAgain, readStart } from './config.js'

export interface LogStream extends DestinationStream {
  /** Number of dropped lines. */
  readonly dropped?: number
  /** Whether each request has a line, as on a terminal. By default only those have one that the audit has none for. */
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
  /** Whether the secrets are made up, so that Twilio refuses the tokens. Callers are told. */
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
  let hadDotenv = hasDotenv(config, cwd)
  const read = async () => {
    const next = await readAgain(env, cwd, hadDotenv)
    hadDotenv ||= hasDotenv(next, cwd)
    return next
  }
  const logger = pino(
    { level: config.settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: escapeInvisible } },
    log
  )
  const services = await openServices(config, { cwd, stdout, logger, log, verifyHash })
  // Filled once the server listens, because PORT may be 0. The app reads it at each request.
  const ownOrigins = new Set<string>()
  const reloadable = await createReloadableApp({
    config,
    cwd,
    read,
    services,
    ownOrigins,
    demo,
    onReload (next) {
      for (const name of needRestart) {
        if (next.settings[name] !== config.settings[name]) logger.warn(`${name} has changed, which needs a restart`)
      }
      logger.level = next.settings.LOG_LEVEL
      listener.trustProxies(list(next.settings.TRUST_PROXY))
    }
  }).catch(error => closeAfter(error, services))
  const listener = createListener(() => reloadable.handle, pair)
  listener.trustProxies(list(config.settings.TRUST_PROXY))
  const { HOST: host, PORT, SHUTDOWN_DELAY } = config.settings
  const closeAll = async (error: unknown, opened?: MetricsPort): Promise<never> => {
    await Promise.all([reloadable.close(), opened?.close()])
    return closeAfter(error, services)
  }
  const metricsPort = await metricsPortOf(config.settings, services, reloadable.readiness).catch(error => closeAll(error))
  const port = await listen(listener.server, host, PORT).catch(error => closeAll(error, metricsPort))
  const scheme = pair === undefined ? 'http' : 'https'
  for (const origin of originsOf(scheme, host, port)) ownOrigins.add(origin)
  const url = `${scheme}://${addressOf(host, port)}`
  logger.info({ url, products: config.products.map(({ product }) => product.name) }, 'listening')
  if (metricsPort !== undefined) logger.info({ url: metricsPort.url }, 'metrics and readiness without a login')

  const renewal = keepRenewed(config.settings, cwd, logger, listener.renew, taken => services.metrics.reloaded('certificate', taken))
  const clock = watchClock(by => {
    services.metrics.clockStepped()
    logger.warn(`this machine's clock was set by ${Math.round(by / 1000)} s; Twilio refuses tokens of a wrong clock`)
  })

  return {
    url,
    metricsUrl: metricsPort?.url,
    logger,
    graceMs: SHUTDOWN_DELAY * 1000 + DRAIN_MS,
    async reload () {
      await Promise.all([reloadable.reload(), renewal.renew()])
    },
    async close () {
      reloadable.markNotReady()
      listener.announceClose()
      await setTimeout(SHUTDOWN_DELAY * 1000)
      clock.close()
      await Promise.all([listener.drain(), metricsPort?.close(), reloadable.close(), renewal.close()])
      await closeServices(services)
    }
  }
}

async function metricsPortOf (
  { METRICS_HOST: host, METRICS_PORT: port }: Settings,
  { metrics }: Services,
  readiness: () => Readiness
): Promise<MetricsPort | undefined> {
  return port === undefined ? undefined : openMetricsPort({ host, port, metrics, readiness })
}
