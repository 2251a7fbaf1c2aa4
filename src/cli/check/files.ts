import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { loadUsers } from '../../callers/users-file/load.js'
import { hasRemoteStore } from '../../settings/rules.js'
import { defaultUsersFile, type Settings } from '../../settings/schema.js'

interface Found {
  mistakes: string[]
  warnings: string[]
}

/** The files that a start would open, looked at without opening them for good. The policy is read with the settings. */
export async function checkFiles (settings: Partial<Settings>, cwd: string): Promise<Found> {
  const all = await Promise.all([users(settings, cwd), audit(settings, cwd)])
  return { mistakes: all.flatMap(({ mistakes }) => mistakes), warnings: all.flatMap(({ warnings }) => warnings) }
}

async function users (settings: Partial<Settings>, cwd: string): Promise<Found> {
  if (hasRemoteStore(settings)) return { mistakes: [], warnings: [] }
  const { USERS_FILE: label = defaultUsersFile } = settings
  const { users } = await loadUsers(resolve(cwd, label), label)
  return 'mistakes' in users ? { mistakes: [...users.mistakes], warnings: [] } : { mistakes: [], warnings: [...users.warnings] }
}

/** A file is made at the start where there is none, which takes a directory that can be written. */
async function audit ({ AUDIT_LOG: log = 'stdout' }: Partial<Settings>, cwd: string): Promise<Found> {
  const path = resolve(cwd, log)
  const writable = (path: string) => access(path, constants.W_OK).then(() => true, () => false)
  const isFolder = (path: string) => stat(path).then(stats => stats.isDirectory(), () => undefined)
  const there = await isFolder(path)
  const usable = there === undefined ? await isFolder(dirname(path)) && await writable(dirname(path)) : !there && await writable(path)
  const right = log === 'stdout' || usable
  return { mistakes: right ? [] : ['AUDIT_LOG names a file that cannot be opened for writing; check the path and its mode'], warnings: [] }
}
