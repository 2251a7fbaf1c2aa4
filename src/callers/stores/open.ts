import type { KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { stampOf } from '../../files/stamp.js'
import { hasRemoteStore } from '../../settings/rules.js'
import { defaultUsersFile, type Settings } from '../../settings/schema.js'
import { textOf } from '../../lib/diagnostic.js'
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
  /** Told of each reload, and whether it was taken. */
  onReload: (taken: boolean) => void
}

/**
 * The store that the settings name.
 * @param mistakes takes what is wrong with it; the store is then undefined
 */
export async function openStore (settings: Partial<Settings>, options: OpenOptions, mistakes: string[]): Promise<OpenStore | undefined> {
  const { LOGIN_URL: url, DATABASE_URL: databaseUrl, USERS_QUERY: usersQuery } = settings
  // Each is loaded where it is named: its driver takes as long to load as the rest of a start.
  if (url !== undefined) {
    const { loginUrlStore } = await import('./login-url.js')
    return remote(loginUrlStore({ url, ...options }), mistakes)
  }
  if (await hasNoStore(settings, options.cwd)) return noStore
  // It takes as long to begin as a hash: beside the rest of the start, and not while the first caller waits.
  if (options.verifyHash === undefined && mistakes.length === 0) verifyHash.prestart()
  if (databaseUrl !== undefined) {
    if (usersQuery === undefined) return undefined
    const { postgresStore } = await import('./postgres.js')
    return remote(postgresStore({ databaseUrl, usersQuery, decoyKey: keyOf(settings), ...options }), mistakes)
  }
  return usersFile(settings, options, mistakes)
}

/** With an identity provider, no users file is needed where no setting names one. */
export async function hasNoStore (settings: Partial<Settings>, cwd: string): Promise<boolean> {
  const { JWT_ISSUER: issuer, USERS_FILE: file } = settings
  if (issuer === undefined || file !== undefined || hasRemoteStore(settings)) return false
  return (await stampOf(resolve(cwd, defaultUsersFile))).key === 'ENOENT'
}

/** Without the secret there is no start, and so no login. */
function keyOf ({ TWILIO_API_KEY_SECRET: secret = '' }: Partial<Settings>): KeyObject {
  return decoyKey(secret)
}

async function usersFile (settings: Partial<Settings>, { cwd, queue, verifyHash, log, onReload }: OpenOptions, mistakes: string[]): Promise<OpenStore | undefined> {
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
        onReload(ok)
      }
    })
    for (const warning of store.warnings) log.warn(textOf(warning))
    return Object.assign(store, { ready: true })
  } catch (error) {
    if (!(error instanceof UsersFileError)) throw error
    mistakes.push(...error.mistakes.map(textOf))
    return undefined
  }
}

/** A store that is away is no mistake: it may come back, and until then logins are refused as an outage. */
async function remote (store: RemoteStore, mistakes: string[]): Promise<OpenStore | undefined> {
  try {
    const found = await store.check()
    mistakes.push(...found)
    if (found.length > 0) {
      await store.close()
      return undefined
    }
  } catch {
    // Its circuit has logged the cause.
  }
  return Object.assign(store, { reload: async () => {} })
}
