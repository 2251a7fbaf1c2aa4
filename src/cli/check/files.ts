import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { hasNoStore } from '../../callers/stores/open.js'
import { loadUsers } from '../../callers/users-file/load.js'
import type { Diagnostic } from '../../lib/diagnostic.js'
import { mayOpenStore, type Config } from '../../server/config.js'
import type { KnownUsers } from './advice.js'
import { hasRemoteStore } from '../../settings/rules.js'
import { defaultUsersFile, type Settings } from '../../settings/schema.js'

export interface CheckedFiles {
  diagnostics: Diagnostic[]
  /** Undefined if callers are not in a users file, or the file has a mistake. */
  users: KnownUsers | undefined
}

/** Checks the files that a start would open and that are not read with the settings: the users file and the audit log. */
export async function checkFiles (config: Config, cwd: string): Promise<CheckedFiles> {
  const [{ users, diagnostics }, ofAudit] = await Promise.all([checkUsers(config, cwd), checkAuditLog(config.settings, cwd)])
  return { users, diagnostics: [...diagnostics, ...ofAudit] }
}

async function checkUsers (config: Config, cwd: string): Promise<CheckedFiles> {
  const { settings } = config
  if (hasRemoteStore(settings) || !mayOpenStore(config) || await hasNoStore(settings, cwd)) return { diagnostics: [], users: undefined }
  const { USERS_FILE: file = defaultUsersFile } = settings
  const { users } = await loadUsers(resolve(cwd, file), file)
  if ('mistakes' in users) return { diagnostics: [...users.mistakes], users: undefined }
  return { diagnostics: [...users.warnings], users: { file, names: new Set(users.callers.keys()) } }
}

/** A start creates a missing file, so then the directory has to be writable. */
async function checkAuditLog ({ AUDIT_LOG: log = 'stdout' }: Partial<Settings>, cwd: string): Promise<Diagnostic[]> {
  if (log === 'stdout') return []
  const path = resolve(cwd, log)
  const writable = (path: string) => access(path, constants.W_OK).then(() => true, () => false)
  const isFolder = (path: string) => stat(path).then(stats => stats.isDirectory(), () => undefined)
  const found = await isFolder(path)
  const usable = found === undefined ? await isFolder(dirname(path)) && await writable(dirname(path)) : !found && await writable(path)
  return usable ? [] : [{ level: 'mistake', subject: 'AUDIT_LOG', code: 'unreadable', message: 'AUDIT_LOG names a file that cannot be opened for writing; check the path and its mode' }]
}
