import { resolve } from 'node:path'
import { editUsers, namesIn, readUsersFile, similarNames, type Edit } from '../../callers/users-file/edit.js'
import { loadUsers } from '../../callers/users-file/load.js'
import { readUsers, type Users } from '../../callers/users-file/parse.js'
import { textOf, textsOf } from '../../lib/diagnostic.js'
import { nearWord } from '../../lib/did-you-mean.js'
import { defaultUsersFile } from '../../settings/schema.js'
import { readSources } from '../../settings/sources.js'
import { orFailure } from '../file-failure.js'
import { exitCodes, Failure, type Io } from '../io.js'

/** The file that the `users` commands work on. */
export interface UsersContext {
  readonly io: Io
  /** As the operator named it: absolute, or relative to the working directory. */
  readonly file: string
}

/**
 * The users file that the settings name. It can be edited even if the settings name another store, because an operator may be migrating.
 * Warns if the broker does not read the file, and if `.env` cannot be read, because it may name another file.
 */
export function usersFileOf ({ env, cwd, stderr }: Io): string {
  const { variables, diagnostics } = readSources(env, cwd)
  for (const text of textsOf(diagnostics, 'mistake')) stderr.write(`${text} (a warning)\n`)
  const other = ['LOGIN_URL', 'DATABASE_URL'].find(name => (variables[name] ?? variables[`${name}_FILE`]) !== undefined)
  if (other !== undefined) stderr.write(`${other} is set: the broker checks callers there, and does not read the users file (a warning)\n`)
  return variables.USERS_FILE ?? defaultUsersFile
}

/**
 * The users of the file.
 * @throws Failure when the broker would refuse the file
 */
export async function usersOf (context: UsersContext): Promise<Users> {
  const { users } = await loadUsers(pathOf(context), context.file)
  if ('mistakes' in users) throw new Failure(exitCodes.settings, users.mistakes.map(textOf).join('\n'))
  return users
}

/**
 * The bytes of the file, even if it has mistakes: these commands can correct them. Empty if it does not exist.
 * @throws Failure when it cannot be read
 */
export function bytesOf (context: UsersContext): Promise<Buffer> {
  return orFailure(context.file, readUsersFile(pathOf(context)))
}

/**
 * Edits the file, and warns if the broker would refuse the result.
 * @returns false when there was nothing to change
 * @throws Failure when it cannot be written
 */
export async function change (context: UsersContext, edit: Edit): Promise<boolean> {
  const edited = await orFailure(context.file, editUsers(pathOf(context), edit))
  if (edited === undefined) return false
  const users = await readUsers(edited, context.file)
  if ('mistakes' in users) context.io.stderr.write(`the broker would refuse the file as it is now:\n${users.mistakes.map(textOf).join('\n')}\n`)
  return true
}

/** The message for a name that the file does not have. @param bytes of the file */
export function unknownUser ({ file }: UsersContext, name: string, bytes: Buffer): Failure {
  const names = namesIn(bytes)
  const near = names.length === 0 ? undefined : similarNames(bytes, name)[0] ?? nearWord(name, names)
  const hint = near === undefined ? 'to see all, run: npx twilio-token-broker users list' : `did you mean ${near}?`
  return new Failure(exitCodes.no, `${file} has no user of this name; ${hint}`)
}

export function say ({ io }: UsersContext, sentence: string): number {
  io.stdout.write(`${sentence}\n`)
  return exitCodes.ok
}

function pathOf ({ io, file }: UsersContext): string {
  return resolve(io.cwd, file)
}
