import type { KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { stampOf } from '../../files/stamp.js'
import { hasRemoteStore } from '../../settings/rules.js'
import { defaultUsersFile, type Settings } from '../../settings/schema.js'
import { textOf, type Opened } from '../../lib/diagnostic.js'
import { decoyKey } from '../passwords/decoys.js'
import { verifyHash, type VerifyHash } from '../passwords/hash-threads.js'
import type { HashQueue } from '../passwords/hash-queue.js'
import { noStore } from './none.js'
import type { OpenStore } from './open-store.js'
import type { RemoteStore, StoreLog } from './remote.js'
import { UsersFileError, usersFileStore } from '../users-file/store.js'

export type { OpenStore }

export interface OpenOptions {
  cwd: string
  queue: HashQueue
  /** By default in threads of their own. */
  verifyHash?: VerifyHash | undefined
  log: StoreLog & { error (message: string): void }
  /** Called after each reload of the users file. @param accepted whether the file was valid */
  onReload?: (accepted: boolean) => void
  /** Whether nothing else keeps the broker from starting, so that starting the hash threads is worth it. */
  mayStart: boolean
}

/** Opens the store of callers that the settings name, or says what is wrong with it. */
export async function openStore (settings: Partial<Settings>, options: OpenOptions): Promise<Opened<OpenStore>> {
  const { LOGIN_URL: url, DATABASE_URL: databaseUrl, USERS_QUERY: usersQuery } = settings
  // Imported on demand: a driver takes as long to load as the rest of a start.
  if (url !== undefined) {
    const { loginUrlStore } = await import('./login-url.js')
    return openRemote(loginUrlStore({ url, ...options }))
  }
  if (await hasNoStore(settings, options.cwd)) return { opened: noStore }
  // A thread takes as long to start as a hash takes: do it now, not while the first caller waits.
  if (options.verifyHash === undefined && options.mayStart) verifyHash.prestart()
  if (databaseUrl !== undefined) {
    // Missing, or in a part of the sources that cannot be read: either is reported already.
    if (usersQuery === undefined) return { mistakes: [] }
    const { postgresStore } = await import('./postgres.js')
    return openRemote(postgresStore({ databaseUrl, usersQuery, decoyKey: keyOf(settings), ...options }))
  }
  return openUsersFile(settings, options)
}

/** Whether there is no store of callers: with an identity provider, no users file is needed unless a setting names one. */
export async function hasNoStore (settings: Partial<Settings>, cwd: string): Promise<boolean> {
  const { JWT_ISSUER: issuer, USERS_FILE: file } = settings
  if (issuer === undefined || file !== undefined || hasRemoteStore(settings)) return false
  return (await stampOf(resolve(cwd, defaultUsersFile))).key === 'ENOENT'
}

/** Without the API key's secret the start fails, so the key does not matter. */
function keyOf ({ TWILIO_API_KEY_SECRET: secret = '' }: Partial<Settings>): KeyObject {
  return decoyKey(secret)
}

async function openUsersFile (
  settings: Partial<Settings>,
  { cwd, queue, verifyHash, log, onReload }: OpenOptions
): Promise<Opened<OpenStore>> {
  const label = settings.USERS_FILE ?? defaultUsersFile
  try {
    const store = await usersFileStore({
      path: resolve(cwd, label),
      label,
      queue,
      decoyKey: keyOf(settings),
      verifyHash,
      onReload ({ ok, message, warnings }) {
        if (ok) log.info(message)
        else log.error(message)
        for (const warning of warnings) log.warn(textOf(warning))
        onReload?.(ok)
      }
    })
    for (const warning of store.warnings) log.warn(textOf(warning))
    return { opened: Object.assign(store, { ready: true }) }
  } catch (error) {
    if (!(error instanceof UsersFileError)) throw error
    return { mistakes: error.mistakes }
  }
}

/**
 * Checks a store in another process. One that is unavailable is no mistake: it may come back, and until then logins are refused as an
 * outage.
 */
async function openRemote (store: RemoteStore): Promise<Opened<OpenStore>> {
  try {
    const mistakes = await store.check()
    if (mistakes.length > 0) {
      await store.close()
      return { mistakes }
    }
  } catch {
    // Its circuit has logged the cause.
  }
  return { opened: Object.assign(store, { reload: async () => {} }) }
}
