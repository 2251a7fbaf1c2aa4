import { resolve } from 'node:path'
import { errorCode } from '../../files/errno.js'
import { LockError } from '../../files/lock.js'
import { verifyHash } from '../../callers/passwords/hash-threads.js'
import { readUsers } from '../../callers/users-file/parse.js'
import type { Users } from '../../callers/users-file/parse.js'
import { loadUsers } from '../../callers/users-file/load.js'
import { usablePassword } from '../../callers/password-rules.js'
import { fileForms, formOf, hashPassword } from '../../callers/passwords/formats.js'
import { adding, editUsers, namesLike, rehashing, removing, userNameMistake, usersBytes } from '../../callers/users-file/edit.js'
import type { Edit } from '../../callers/users-file/edit.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { givenNewPassword, givenPassword } from '../password-input.js'
import type { NewPasswordOptions, PasswordOptions } from '../password-input.js'

/** Where the `users` commands work. They all settle with an exit code, or reject with a Failure. */
export interface UsersContext {
  readonly io: Io
  /** The users file as the operator named it: absolute, or seen from the working directory. */
  readonly file: string
}

export interface ShowOptions {
  json?: boolean
}

export async function addUser (context: UsersContext, typed: string, options: NewPasswordOptions): Promise<number> {
  const name = typed.normalize('NFC')
  const mistake = userNameMistake(name)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  // Asked here to spare the typing of a password, and again under the lock.
  if (namesLike(await fileOf(context), name).length > 0) throw taken(context)
  const hash = await hashPassword(await givenNewPassword(context.io, options))
  if (!await change(context, adding(name, hash))) throw taken(context)
  return say(context, `added ${name} to ${context.file}`)
}

export async function changePassword (context: UsersContext, typed: string, options: NewPasswordOptions): Promise<number> {
  const name = typed.normalize('NFC')
  const like = namesLike(await fileOf(context), name)
  if (!like.includes(name)) throw unknown(context, like)
  const hash = await hashPassword(await givenNewPassword(context.io, options))
  if (!await change(context, rehashing(name, hash))) throw unknown(context, [])
  return say(context, `${name} has a new password in ${context.file}`)
}

export async function removeUser (context: UsersContext, typed: string): Promise<number> {
  const name = typed.normalize('NFC')
  if (!await change(context, removing(name))) throw unknown(context, namesLike(await fileOf(context), name))
  return say(context, `removed ${name} from ${context.file}`)
}

export async function listUsers (context: UsersContext, { json }: ShowOptions): Promise<number> {
  const users = Array.from((await usersOf(context)).callers.values(), ({ name, hash }) => ({ name, hash: formOf(hash, fileForms)?.name }))
  return say(context, json ? JSON.stringify({ users }) : users.map(({ name }) => name).join('\n'))
}

/** For a store that is no users file, such as a table of users. */
export async function printHash (io: Io, options: NewPasswordOptions): Promise<number> {
  io.stdout.write(`${await hashPassword(await givenNewPassword(io, options))}\n`)
  return exitCodes.ok
}

export async function checkPassword (context: UsersContext, typed: string, { json, ...options }: PasswordOptions & ShowOptions): Promise<number> {
  const name = typed.normalize('NFC')
  const caller = (await usersOf(context)).callers.get(name)
  if (caller === undefined && !json) throw unknown(context, namesLike(await fileOf(context), name))
  const correct = caller !== undefined && await isPassword(context, caller.hash, await givenPassword(context.io, options))
  if (json) say(context, JSON.stringify({ name, known: caller !== undefined, correct }))
  else if (!correct) throw new Failure(exitCodes.no, `that is not the password of ${name}`)
  else say(context, `that is the password of ${name}`)
  return correct ? exitCodes.ok : exitCodes.no
}

async function isPassword ({ io: { verifyHash: verify = verifyHash } }: UsersContext, hash: string, typed: string): Promise<boolean> {
  const password = usablePassword(typed)
  return password !== undefined && await verify(hash, password)
}

function say ({ io }: UsersContext, sentence: string): number {
  io.stdout.write(`${sentence}\n`)
  return exitCodes.ok
}

function taken ({ file }: UsersContext): Failure {
  return new Failure(exitCodes.no, `${file} has a user of this name (case does not count); for a new password, run: twilio-token-broker users passwd NAME`)
}

function unknown ({ file }: UsersContext, like: string[]): Failure {
  const hint = like.length > 0 ? 'one whose name differs in case is there' : 'to see all, run: twilio-token-broker users list'
  return new Failure(exitCodes.no, `${file} has no user of this name; ${hint}`)
}

/** The users of a file that the broker would take. */
async function usersOf (context: UsersContext): Promise<Users> {
  const { users } = await loadUsers(pathOf(context), context.file)
  if ('mistakes' in users) throw new Failure(exitCodes.settings, users.mistakes.join('\n'))
  return users
}

/** The bytes of a file that may be at fault: these commands are how it is put right. */
function fileOf (context: UsersContext): Promise<Buffer> {
  return usable(context, usersBytes(pathOf(context)))
}

/** Edits the file, and says so when the broker would not take what it is then. */
async function change (context: UsersContext, edit: Edit): Promise<boolean> {
  const edited = await usable(context, editUsers(pathOf(context), edit))
  if (edited === undefined) return false
  const users = await readUsers(edited, context.file)
  if ('mistakes' in users) context.io.stderr.write(`a broker does not take the file as it is now:\n${users.mistakes.join('\n')}\n`)
  return true
}

function pathOf ({ io, file }: UsersContext): string {
  return resolve(io.cwd, file)
}

async function usable<T> ({ file }: UsersContext, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const why = error instanceof LockError ? error.message : `${file} cannot be used (${errorCode(error)}): look at its owner and mode, at those of its directory, and at the room on the disk`
    throw new Failure(exitCodes.settings, why)
  }
}
