import { isIP, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino, type DestinationStream, type Logger } from 'pino'
import { createApp } from './app.js'
import { createAudit, type Audit } from './audit/audit.js'
import { fileSink, stdoutSink } from './audit/sink.js'
import { GUESSING_WINDOW, Guard } from './callers/guard.js'
import { Logins } from './callers/login.js'
import { HashQueue } from './callers/queue.js'
import { UsersFileError, usersFileStore, type UsersFileStore } from './callers/users-file.js'
import { addressKeys } from './limits/address.js'
import { MemoryLately } from './limits/lately.js'
import { MemoryCounters } from './limits/memory.js'
import { createMint } from './mint.js'
import { ownOrigins } from './origins.js'
import { allowAll } from './policy/policy.js'
import { describe } from './product.js'
import { readSettings, type Environment, type Read } from './settings/read.js'
import { list } from './settings/rules.js'
import type { Settings } from './settings/schema.js'

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
  /** Takes up changed files, as on SIGHUP. */
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

const minute = 60_000

/**
 * Settings → rooms → broker → listen.
 * @throws StartError with every mistake there is
 */
export async function start ({ env, cwd, stdout, log }: Surroundings): Promise<Running> {
  const read = await readSettings(env, cwd)
  const { settings, mistakes } = read
  const logger = pino({ level: settings.LOG_LEVEL ?? 'info', base: null }, log)
  for (const warning of read.warnings) logger.warn(warning)

  const queue = new HashQueue({ addressOf: ip => addressKeys(ip)[0].key })
  const store = await openStore(settings, cwd, queue, logger).catch(collect(mistakes))
  const audit = await openAudit(settings, cwd, stdout).catch(collect(mistakes))
  if (mistakes.length > 0 || store === undefined || audit === undefined) {
    await store?.close()
    await audit?.close()
    throw new StartError(mistakes)
  }
  return serve(read, store, audit, logger)
}

async function serve (read: Read, store: UsersFileStore, audit: Audit, logger: Logger): Promise<Running> {
  const { settings, products } = read
  const minuteCounters = () => new MemoryCounters(minute)
  const guard = new Guard({
    pairs: new MemoryCounters(GUESSING_WINDOW),
    names: new MemoryCounters(GUESSING_WINDOW),
    lately: new MemoryLately(),
    failuresMax: settings.LOGIN_FAILURES_MAX
  })
  const logins = new Logins({ store, guard })
  const origins = new Set(list(settings.CORS_ORIGINS))
  const app = await createApp({
    logger,
    trustProxy: list(settings.TRUST_PROXY),
    products,
    origins,
    policy: allowAll,
    mint: createMint({
      accountSid: settings.TWILIO_ACCOUNT_SID,
      keySid: settings.TWILIO_API_KEY_SID,
      keySecret: settings.TWILIO_API_KEY_SECRET,
      region: settings.TWILIO_REGION
    }),
    audit,
    signIn: (name, password, login) => logins.login(name, password, login),
    limits: {
      address: { counters: minuteCounters(), max: settings.RATE_LIMIT_MAX },
      caller: { counters: minuteCounters(), max: settings.CALLER_LIMIT_MAX }
    },
    ttl: { default: settings.TOKEN_TTL, max: settings.TOKEN_TTL_MAX ?? settings.TOKEN_TTL }
  })

  const { HOST: host, PUBLIC_URL: publicUrl } = settings
  const port = await listen(app, host, settings.PORT)
  for (const origin of ownOrigins({ host, port, tls: false, publicUrl })) origins.add(origin)
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  logger.info({ url, products: products.map(({ product }) => describe(product).name), callers: store.size }, 'listening')
  logger.warn('no POLICY_FILE: every caller may have every enabled product')

  return {
    url,
    async reload () {
      await audit.reopen()
      await store.reload()
    },
    async close () {
      await app.close()
      await store.close()
      await audit.close()
    }
  }
}

/** @returns the port, which the system chose where PORT is 0 */
async function listen (app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    const { code } = error as NodeJS.ErrnoException
    throw new StartError([cannotListen[code ?? ''] ?? `HOST and PORT cannot be listened on (${code})`])
  }
  return (app.server.address() as AddressInfo).port
}

const cannotListen: Record<string, string> = {
  EADDRINUSE: 'PORT is taken by another process; stop that one, or choose another PORT',
  EACCES: 'PORT may not be used by this user; choose one above 1023',
  EADDRNOTAVAIL: 'HOST is not an address of this machine',
  ENOTFOUND: 'HOST is a name that does not resolve'
}

async function openStore (settings: Partial<Settings>, cwd: string, queue: HashQueue, logger: Logger): Promise<UsersFileStore> {
  const label = settings.USERS_FILE ?? 'users.htpasswd'
  const store = await usersFileStore({
    path: resolve(cwd, label),
    label,
    queue,
    onReload: ({ ok, message, warnings }) => {
      if (ok) logger.info(message)
      else logger.error(message)
      for (const warning of warnings) logger.warn(warning)
    }
  })
  for (const warning of store.warnings) logger.warn(warning)
  return store
}

async function openAudit (settings: Partial<Settings>, cwd: string, stdout: NodeJS.WritableStream): Promise<Audit> {
  const { AUDIT_LOG: log = 'stdout' } = settings
  if (log === 'stdout') return createAudit(stdoutSink(stdout))
  try {
    return createAudit(await fileSink(resolve(cwd, log)))
  } catch {
    throw new StartError(['AUDIT_LOG names a file that cannot be opened for writing; check the path and its mode'])
  }
}

function collect (mistakes: string[]): (error: unknown) => undefined {
  return error => {
    if (!(error instanceof StartError || error instanceof UsersFileError)) throw error
    mistakes.push(...error.mistakes)
    return undefined
  }
}
