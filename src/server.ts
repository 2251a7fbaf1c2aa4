import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino, type DestinationStream, type Logger } from 'pino'
import { aheadOf } from './ahead.js'
import { createApp } from './app.js'
import type { VerifyHash } from './callers/hasher.js'
import { watchClock } from './clock.js'
import { createListener, drainTime, listen } from './listener.js'
import { createMint } from './mint.js'
import type { Readiness } from './ops/readiness.js'
import { ownOrigins } from './origins.js'
import { describe } from './product.js'
import { keepRenewed } from './renewal.js'
import { closeRooms, openRooms, readinessOf, type Rooms } from './rooms.js'
import type { Environment } from './settings/read.js'
import { list } from './settings/rules.js'
import type { Settings } from './settings/schema.js'
import { readState, type State } from './state.js'
import { readKeys } from './tls.js'
import { watchFiles } from './watch.js'

export interface Surroundings {
  env: Environment
  /** Absolute path; where `.env` is, and what other paths start from. */
  cwd: string
  /** For the audit. */
  stdout: NodeJS.WritableStream
  /** For the log. */
  log: DestinationStream
  /** What compares passwords with hashes; by default threads of their own. */
  verifyHash?: VerifyHash
}

export interface Running {
  /** Where it listens. */
  url: string
  logger: Logger
  /** Milliseconds that `close` takes at most. */
  grace: number
  /** Takes up changed files, as on SIGHUP. What is wrong with them is logged, and leaves things as they were. */
  reload (): Promise<void>
  close (): Promise<void>
}

/**
 * Settings → rooms → app → listen.
 * @throws StartError with every mistake there is
 */
export async function start ({ env, cwd, stdout, log, verifyHash }: Surroundings): Promise<Running> {
  const state = await readState(env, cwd)
  const keys = await readKeys(state.settings, cwd)
  state.mistakes.push(...keys.mistakes)
  state.warnings.push(...keys.warnings)
  const logger = pino({ level: state.settings.LOG_LEVEL, base: null }, log)
  const rooms = await openRooms(state, cwd, stdout, logger, verifyHash)
  // Known once it listens, where PORT is 0; the app asks for each request.
  const own = new Set<string>()
  let closing = false
  const readiness = () => {
    const { missing, degraded } = readinessOf(rooms, state.settings)
    return { missing: closing ? [...missing, 'shutdown'] : missing, degraded }
  }
  let app = await buildApp(state, rooms, own, readiness)
  const listener = createListener(() => app.routing, keys.pair)
  const { HOST: host, PORT, SHUTDOWN_DELAY } = state.settings
  const port = await listen(listener.server, host, PORT).catch(async error => {
    await closeRooms(rooms)
    throw error
  })
  const scheme = keys.pair === undefined ? 'http' : 'https'
  for (const origin of ownOrigins(scheme, host, port)) own.add(origin)
  const url = `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  logger.info({ url, products: state.products.map(({ product }) => describe(product).name) }, 'listening')

  const renewal = keepRenewed(state.settings, cwd, logger, listener.renew, taken => rooms.metrics.reloaded('certificate', taken))
  const clock = watchClock(by => {
    rooms.metrics.clockStepped()
    logger.warn(`this machine's clock was set by ${Math.round(by / 1000)} s; Twilio refuses tokens of a wrong clock`)
  })
  let watch = new AbortController()
  function watchFilesOf ({ settings: { POLICY_FILE: policy } }: State): void {
    watch.abort()
    watch = new AbortController()
    watchFiles(['.env', ...(policy === undefined ? [] : [policy])].map(file => resolve(cwd, file)), watch.signal, takeState)
  }
  watchFilesOf(state)

  async function readAgain (): Promise<void> {
    const next = await readState(env, cwd)
    if (next.mistakes.length > 0) {
      logger.error(`settings not taken, the old ones stay: ${next.mistakes.join('; ')}`)
      rooms.metrics.reloaded('settings', false)
      return
    }
    for (const warning of next.warnings) logger.warn(warning)
    for (const name of needRestart) {
      if (next.settings[name] !== state.settings[name]) logger.warn(`${name} has changed, which takes a restart`)
    }
    // Whole: a request goes on with the app that it began with. The old one holds nothing that would have to be closed.
    app = await buildApp(next, rooms, own, readiness)
    rooms.guard.failuresMax = next.settings.LOGIN_FAILURES_MAX
    logger.level = next.settings.LOG_LEVEL
    watchFilesOf(next)
    logger.info('settings taken')
    rooms.metrics.reloaded('settings', true)
  }

  // One after the other: a slow one must not put an older state over a newer one.
  let taking = Promise.resolve()
  function takeState (): Promise<void> {
    taking = taking.then(readAgain, readAgain)
    return taking
  }

  return {
    url,
    logger,
    grace: SHUTDOWN_DELAY * 1000 + drainTime,
    async reload () {
      const reopened = rooms.audit.reopen().catch(error => logger.error({ err: error }, 'AUDIT_LOG cannot be opened again; the old file goes on'))
      await Promise.all([takeState(), rooms.store.reload(), renewal.renew(), reopened])
    },
    async close () {
      closing = true
      await setTimeout(SHUTDOWN_DELAY * 1000)
      watch.abort()
      renewal.close()
      clock.close()
      await Promise.all([listener.drain(), app.close()])
      await closeRooms(rooms)
    }
  }
}

/** Settings that are read once. */
const needRestart = ['HOST', 'PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'USERS_FILE', 'DATABASE_URL', 'USERS_QUERY', 'LOGIN_URL', 'REDIS_URL', 'REDIS_DOWN', 'AUDIT_LOG', 'SHUTDOWN_DELAY'] as const satisfies Array<keyof Settings>

function buildApp ({ settings, products, policy }: State, { logger, audit, logins, counters, addresses, callers, metrics }: Rooms, own: ReadonlySet<string>, readiness: () => Readiness): Promise<FastifyInstance> {
  const pages = new Set(list(settings.CORS_ORIGINS))
  if (settings.PUBLIC_URL !== undefined) pages.add(new URL(settings.PUBLIC_URL).origin)
  const limits = {
    address: { counters: addresses, max: settings.RATE_LIMIT_MAX },
    caller: { counters: callers, max: settings.CALLER_LIMIT_MAX }
  }
  return createApp({
    logger,
    trustProxy: list(settings.TRUST_PROXY),
    products,
    policy,
    mint: createMint({
      accountSid: settings.TWILIO_ACCOUNT_SID,
      keySid: settings.TWILIO_API_KEY_SID,
      keySecret: settings.TWILIO_API_KEY_SECRET,
      region: settings.TWILIO_REGION
    }),
    audit,
    origins: { has: origin => pages.has(origin) || own.has(origin) },
    signIn: metrics.timed((name, password, login) => logins.login(name, password, login)),
    operators: new Set(list(settings.OPERATORS)),
    metrics,
    readiness,
    limits,
    askAhead: aheadOf({ counters, limits, logins }),
    ttl: { default: settings.TOKEN_TTL, max: settings.TOKEN_TTL_MAX ?? settings.TOKEN_TTL }
  })
}
