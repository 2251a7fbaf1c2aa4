import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { namesLike, userNameMistake, usersBytes } from '../../callers/users-file/edit.js'
import { firstLine } from '../stdin.js'
import { exitCodes, Failure, type Io, toExitCode } from '../io.js'
import { givenNewPassword } from '../password-input.js'
import type { Prompt } from '../prompt.js'
import { addUser } from '../users/actions.js'
import { usable } from './usable.js'
import { defaultUsersFile } from '../../settings/schema.js'

export interface UserOptions {
  user?: string | false
  passwordFile?: string
  passwordStdin?: boolean
}

/** `init` takes no short passwords. */
const noOption = ''

/** The users file of the settings to come: of those of `.env`, none stays. */
export function usersFileOf ({ env }: Io): string {
  return env.USERS_FILE || defaultUsersFile
}

/** Why this cannot be the first user's name; undefined when it can. */
export async function nameProblem (io: Io, name: string): Promise<Failure | undefined> {
  const mistake = userNameMistake(name.normalize('NFC'))
  if (mistake !== undefined) return new Failure(exitCodes.usage, mistake)
  const file = usersFileOf(io)
  const like = namesLike(await usable(file, usersBytes(resolve(io.cwd, file))), name.normalize('NFC'))
  return like.length === 0 ? undefined : new Failure(exitCodes.no, `${file} has a user of this name already (case does not count); choose another name, or --no-user to keep the users as they are`)
}

export async function askName (io: Io, prompt: Prompt): Promise<string> {
  while (true) {
    const name = (await prompt.shown('First user (Enter for susan): ')).trim() || 'susan'
    const problem = await nameProblem(io, name)
    if (problem === undefined) return name
    io.stderr.write(`${problem.message}\n`)
  }
}

/** The password that an option gives; undefined where none does. */
export async function givenPassword (io: Io, { passwordFile, passwordStdin }: UserOptions): Promise<string | undefined> {
  if (passwordStdin) return await givenNewPassword(io, { passwordStdin }, noOption)
  if (passwordFile === undefined) return undefined
  const stdin = Readable.from([Buffer.from(await firstLineOf(io, passwordFile))])
  return await givenNewPassword({ ...io, stdin }, { passwordStdin: true }, noOption)
}

/** Asks until it is right: a person at a terminal has answered much by now. */
export async function askPassword (io: Io): Promise<string> {
  while (true) {
    try {
      return await givenNewPassword(io, {}, noOption)
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== exitCodes.usage) throw error
      io.stderr.write(`${error.message}\n`)
    }
  }
}

export async function addFirst (io: Io, name: string, password: string): Promise<void> {
  const code = await toExitCode(io, () => addUser({ io: { ...io, stdin: Readable.from([password]) }, file: usersFileOf(io) }, name, { passwordStdin: true }))
  if (code !== exitCodes.ok) throw new Failure(code, '.env is written and the user is not added; run: twilio-token-broker users add NAME')
}

export async function firstLineOf (io: Io, file: string): Promise<string> {
  const bytes = await usable(file, readFile(resolve(io.cwd, file)))
  return firstLine({ ...io, stdin: Readable.from([bytes]) })
}
