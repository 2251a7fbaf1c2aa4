import { once } from 'node:events'
import type { Server } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino, type DestinationStream, type Logger } from 'pino'
import { createApp } from './app.js'
import { createAudit, type Audit } from './audit/audit.js'
import { fileSink, stdoutSink } from './audit/sink.js'
import { Guard, guessCounters } from './callers/guard.js'
import { Logins } from './callers/login.js'
import { openStore, type OpenStore } from './callers/open.js'
import { HashQueue } from './callers/queue.js'
import { addressKeys } from './limits/address.js'
import type { Counters } from './limits/counters.js'
import { memory } from './limits/memory.js'
import { createListener, drainTime } from './listener.js'
import { createMint } from './mint.js'
import { ownOrigins } from './origins.js'
import { describe } from './product.js'
import type { Environment } from './settings/read.js'
import { list } from './settings/rules.js'
import type { Settings } from './settings/schema.js'
import { readState, type State } from './state.js'

export interface Surroundings {
  env: Environment
  /** Absolute path; where `.env` is, and what other paths start from. */
  cwd: string
  /** For the audit. */
  stdout: NodeJS.WritableStream
  /** For the log. */
  log: DestinationStream
}

export interface Running {
  /** Where it listens. */
  url: string
  /** Milliseconds that `close` takes at most. */
  grace: number
  /** Takes up changed files, as on SIGHUP. What is wrong with them is logged, and leaves things as they were. */
  reload (): Promise<void>
  close (): Promise<void>
}

/** A start that the operator's settings or files stand against; `mistakes` are all there are. */
export class StartError extends Error {
  override readonly name = 'StartError'

  constructor (readonly mistakes: readonly string[]) {
    super(mistakes.join('; '))
  }
}

/** What a reload leaves as it is: files, connections and counts. */
interface Rooms {
  logger: Logger
  store: OpenStore
  audit: Audit
  guard: Guard
  logins: Logins
  addresses: Counters
  callers: Counters
}

const minute = 60_000

/**
 * Settings → rooms → app → listen.
 * @throws StartError with every mistake there is
 */
export async function start ({ env, cwd, stdout, log }: Surroundings): Promise<Running> {
  const state = await readState(env, cwd)
  const logger = pino({ level: state.settings.LOG_LEVEL ?? 'info', base: null }, log)
  const rooms = await openRooms(state, cwd, stdout, logger)
  // Known once it listens, where PORT is 0; the app asks for each request.
  const own = new Set<string>()
  let app = await buildApp(state, rooms, own)
  const listener = createListener(() => app.routing)
  const { HOST: host, PORT, SHUTDOWN_DELAY } = state.settings
  const port = await listen(listener.server, host, PORT).catch(async error => {
    await closeRooms(rooms)
    throw error
  })
  for (const origin of ownOrigins(host, port)) own.add(origin)
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  logger.info({ url, products: state.products.map(({ product }) => describe(product).name) }, 'listening')

  async function reload (): Promise<void> {
    const next = await readState(env, cwd)
    if (next.mistakes.length > 0) {
      logger.error(`settings not taken, the old ones stay: ${next.mistakes.join('; ')}`)
      return
    }
    for (const name of needRestart) {
      if (next.settings[name] !== state.settings[name]) logger.warn(`${name} has changed, which takes a restart`)
    }
    // Whole: a request goes on with the app that it began with. The old one holds nothing that would have to be closed.
    app = await buildApp(next, rooms, own)
    rooms.guard.failuresMax = next.settings.LOGIN_FAILURES_MAX
    logger.level = next.settings.LOG_LEVEL
    logger.info('settings taken')
  }

  let reloading = Promise.resolve()
  return {
    url,
    grace: SHUTDOWN_DELAY * 1000 + drainTime,
    reload () {
      // One after the other: a slow one must not put an older state over a newer one.
      reloading = reloading.then(async () => {
        await Promise.all([reload(), rooms.store.reload(), rooms.audit.reopen()])
      })
      return reloading
    },
    async close () {
      await setTimeout(SHUTDOWN_DELAY * 1000)
      await Promise.all([listener.drain(), app.close()])
      await closeRooms(rooms)
    }
  }
}

/** Settings that are read once. */
const needRestart = ['HOST', 'PORT', 'USERS_FILE', 'DATABASE_URL', 'USERS_QUERY', 'LOGIN_URL', 'AUDIT_LOG', 'SHUTDOWN_DELAY'] as const satisfies Array<keyof Settings>

function buildApp ({ settings, products, policy }: State, { logger, audit, logins, addresses, callers }: Rooms, own: ReadonlySet<string>): Promise<FastifyInstance> {
  const pages = new Set(list(settings.CORS_ORIGINS))
  if (settings.PUBLIC_URL !== undefined) pages.add(new URL(settings.PUBLIC_URL).origin)
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
    signIn: (name, password, login) => logins.login(name, password, login),
    limits: {
      address: { counters: addresses, max: settings.RATE_LIMIT_MAX },
      caller: { counters: callers, max: settings.CALLER_LIMIT_MAX }
    },
    ttl: { default: settings.TOKEN_TTL, max: settings.TOKEN_TTL_MAX ?? settings.TOKEN_TTL }
  })
}

async function openRooms ({ settings, mistakes, warnings }: State, cwd: string, stdout: NodeJS.WritableStream, logger: Logger): Promise<Rooms> {
  const addressOf = (ip: string) => addressKeys(ip)[0].key
  const store = await openStore(settings, { cwd, log: logger, queue: new HashQueue({ addressOf }), addressOf }, mistakes)
  const audit = await openAudit(settings, cwd, stdout, mistakes)
  for (const warning of warnings) logger.warn(warning)
  if (mistakes.length > 0 || store === undefined || audit === undefined) {
    await Promise.all([store?.close(), audit?.close()])
    throw new StartError(mistakes)
  }
  const guard = new Guard({ ...guessCounters(memory), failuresMax: settings.LOGIN_FAILURES_MAX })
  return {
    logger,
    store,
    audit,
    guard,
    logins: new Logins({ store, guard }),
    addresses: memory.counters('address', minute),
    callers: memory.counters('caller', minute)
  }
}

async function closeRooms ({ store, audit }: Rooms): Promise<void> {
  await store.close()
  await audit.close()
}

/** @returns the port, which the system chooses where PORT is 0 */
async function listen (server: Server, host: string, port: number): Promise<number> {
  try {
    await once(server.listen({ host, port }), 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError([cannotListen[code ?? ''] ?? `HOST and PORT cannot be listened on (${code})`])
  }
  return (server.address() as AddressInfo).port
}

const cannotListen: Record<string, string> = {
  EADDRINUSE: 'PORT is taken by another process; stop that one, or choose another PORT',
  EACCES: 'PORT may not be used by this user; choose one above 1023',
  EADDRNOTAVAIL: 'HOST is not an address of this machine',
  ENOTFOUND: 'HOST is a name that does not resolve'
}

async function openAudit (settings: Partial<Settings>, cwd: string, stdout: NodeJS.WritableStream, mistakes: string[]): Promise<Audit | undefined> {
  const { AUDIT_LOG: log = 'stdout' } = settings
  try {
    return createAudit(log === 'stdout' ? stdoutSink(stdout) : await fileSink(resolve(cwd, log)))
  } catch {
    mistakes.push('AUDIT_LOG names a file that cannot be opened for writing; check the path and its mode')
    return undefined
  }
}
