import { hashPassword } from '../../callers/passwords/formats.js'
import { withHash, withoutUser, withUser, namesIn, similarNames, userNameMistake } from '../../callers/users-file/edit.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { readNewPassword, type NewPasswordOptions } from '../password-input.js'
import { bytesOf, change, say, unknownUser, type UsersContext } from './file.js'

/** `users add NAME`. */
export async function addUser (context: UsersContext, typed: string, options: NewPasswordOptions): Promise<number> {
  const name = typed.normalize('NFC')
  const mistake = userNameMistake(name)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  // Checked here, so that nobody types a password in vain, and again under the lock.
  if (similarNames(await bytesOf(context), name).length > 0) throw nameTaken(context)
  const hash = await hashPassword(await readNewPassword(context.io, options))
  if (!await change(context, withUser(name, hash))) throw nameTaken(context)
  return say(context, `added ${name} to ${context.file}`)
}

/** `users passwd NAME`. */
export async function changePassword (context: UsersContext, typed: string, options: NewPasswordOptions): Promise<number> {
  const name = typed.normalize('NFC')
  const bytes = await bytesOf(context)
  if (!namesIn(bytes).includes(name)) throw unknownUser(context, name, bytes)
  const hash = await hashPassword(await readNewPassword(context.io, options))
  if (!await change(context, withHash(name, hash))) throw unknownUser(context, name, await bytesOf(context))
  return say(context, `${name} has a new password in ${context.file}`)
}

/** `users remove NAME`. */
export async function removeUser (context: UsersContext, typed: string): Promise<number> {
  const name = typed.normalize('NFC')
  if (!await change(context, withoutUser(name))) throw unknownUser(context, name, await bytesOf(context))
  return say(context, `removed ${name} from ${context.file}`)
}

/** `users hash`: for stores that are not a users file, such as a table of a database. */
export async function printHash (io: Io, options: NewPasswordOptions): Promise<number> {
  io.stdout.write(`${await hashPassword(await readNewPassword(io, options))}\n`)
  return exitCodes.ok
}

function nameTaken ({ file }: UsersContext): Failure {
  return new Failure(exitCodes.no, `${file} already has a user of this name (case does not count); for a new password, run: npx twilio-token-broker users passwd NAME`)
}
