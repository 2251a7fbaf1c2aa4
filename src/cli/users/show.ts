import { usablePassword } from '../../callers/password-rules.js'
import { fileFormats, formatOf } from '../../callers/passwords/formats.js'
import { verifyHash } from '../../callers/passwords/hash-threads.js'
import { exitCodes, Failure } from '../io.js'
import { readPassword, type PasswordOptions } from '../password-input.js'
import { bytesOf, say, unknownUser, usersOf, type UsersContext } from './file.js'

export interface ShowOptions {
  json?: boolean
}

/** `users list`. */
export async function listUsers (context: UsersContext, { json }: ShowOptions): Promise<number> {
  const users = Array.from(
    (await usersOf(context)).callers.values(),
    ({ name, hash }) => ({ name, hash: formatOf(hash, fileFormats)?.name })
  )
  return say(context, json ? JSON.stringify({ users }) : users.map(({ name }) => name).join('\n'))
}

/** `users check NAME`: checks whether a password is the user's. */
export async function checkPassword (
  context: UsersContext,
  typed: string,
  { json, ...options }: PasswordOptions & ShowOptions
): Promise<number> {
  const name = typed.normalize('NFC')
  const caller = (await usersOf(context)).callers.get(name)
  if (caller === undefined && !json) throw unknownUser(context, name, await bytesOf(context))
  const correct = caller !== undefined && await isPassword(context, caller.hash, await readPassword(context.io, options))
  if (json) say(context, JSON.stringify({ name, known: caller !== undefined, correct }))
  else if (!correct) throw new Failure(exitCodes.no, `this is not the password of ${name}`)
  else say(context, `this is the password of ${name}`)
  return correct ? exitCodes.ok : exitCodes.no
}

async function isPassword ({ io: { verifyHash: verify = verifyHash } }: UsersContext, hash: string, typed: string): Promise<boolean> {
  const password = usablePassword(typed)
  return password !== undefined && await verify(hash, password)
}
