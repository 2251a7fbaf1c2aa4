import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { similarNames, userNameMistake, readUsersFile } from '../../callers/users-file/edit.js'
import { defaultUsersFile } from '../../settings/schema.js'
import { orFailure } from '../file-failure.js'
import { exitCodes, Failure, type Io, toExitCode } from '../io.js'
import { readNewPassword } from '../password-input.js'
import type { Prompt } from '../prompt.js'
import { firstLine } from '../stdin.js'
import { addUser } from '../users/change.js'

export interface UserOptions {
  user?: string | false
  passwordFile?: string
  passwordStdin?: boolean
}

/** `init` has no option that accepts short passwords. */
const noHint = ''

/** The users file that the broker will use. Ignores an old `.env`, because `init` replaces it. */
export function usersFileOf ({ env }: Io): string {
  return env.USERS_FILE || defaultUsersFile
}

/** Why this cannot be the first user's name; undefined when it can. */
export async function nameProblem (io: Io, name: string): Promise<Failure | undefined> {
  const mistake = userNameMistake(name.normalize('NFC'))
  if (mistake !== undefined) return new Failure(exitCodes.usage, mistake)
  const file = usersFileOf(io)
  const like = similarNames(await orFailure(file, readUsersFile(resolve(io.cwd, file))), name.normalize('NFC'))
  return like.length === 0 ? undefined : new Failure(exitCodes.no, `${file} already has a user of this name (case does not count); choose another name, or add no user with --no-user`)
}

export async function askName (io: Io, prompt: Prompt): Promise<string> {
  while (true) {
    const name = (await prompt.shown('First user (Enter for susan): ')).trim() || 'susan'
    const problem = await nameProblem(io, name)
    if (problem === undefined) return name
    io.stderr.write(`${problem.message}\n`)
  }
}

/** The password that an option gives; undefined without such an option. */
export async function passwordOf (io: Io, { passwordFile, passwordStdin }: UserOptions): Promise<string | undefined> {
  if (passwordStdin) return await readNewPassword(io, { passwordStdin }, noHint)
  if (passwordFile === undefined) return undefined
  const stdin = Readable.from([Buffer.from(await firstLineOf(io, passwordFile))])
  return await readNewPassword({ ...io, stdin }, { passwordStdin: true }, noHint)
}

/** Asks again until the password is right: by now the user has answered many questions, which a failure would lose. */
export async function askPassword (io: Io): Promise<string> {
  while (true) {
    try {
      return await readNewPassword(io, {}, noHint)
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== exitCodes.usage) throw error
      io.stderr.write(`${error.message}\n`)
    }
  }
}

/** @throws Failure that says that `.env` is written already */
export async function addFirstUser (io: Io, name: string, password: string): Promise<void> {
  const code = await toExitCode(
    io,
    () => addUser({ io: { ...io, stdin: Readable.from([password]) }, file: usersFileOf(io) }, name, { passwordStdin: true })
  )
  if (code !== exitCodes.ok) throw new Failure(code, '.env is written, but the user could not be added; run: npx twilio-token-broker users add NAME')
}

export async function firstLineOf (io: Io, file: string): Promise<string> {
  const bytes = await orFailure(file, readFile(resolve(io.cwd, file)))
  return firstLine({ ...io, stdin: Readable.from([bytes]) })
}
