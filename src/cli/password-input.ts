import { newPassword } from '../callers/password-rules.js'
import { exitCodes, Failure, type Io } from './io.js'
import { openPrompt } from './prompt.js'
import { firstLine } from './stdin.js'

export interface PasswordOptions {
  /** Read the password from the first line of standard input. */
  passwordStdin?: boolean
}

export interface NewPasswordOptions extends PasswordOptions {
  /** Accept passwords that are shorter than usual. */
  allowShort?: boolean
}

const instead = 'give the password with --password-stdin'

/**
 * Reads a password from standard input or the terminal, and does not change it.
 * @throws Failure when it cannot be asked for
 */
export async function readPassword (io: Io, { passwordStdin }: PasswordOptions): Promise<string> {
  if (passwordStdin) return await firstLine(io)
  const prompt = openPrompt(io, instead)
  try {
    return await prompt.hidden('Password: ')
  } finally {
    prompt.close()
  }
}

/**
 * Reads a password to store. At a terminal it is asked for twice, since nobody sees what is typed.
 * @param hint appended to the message for a short one: the command's option that accepts it
 * @returns the password in NFC
 * @throws Failure for a password that cannot be stored
 */
export async function readNewPassword (io: Io, { passwordStdin, allowShort }: NewPasswordOptions, hint = '; --allow-short takes fewer'): Promise<string> {
  const typed = passwordStdin ? await firstLine(io) : await askTwice(io)
  const result = newPassword(typed, { allowShort })
  if ('mistake' in result) throw new Failure(exitCodes.usage, `${result.mistake}${result.isShort ? hint : ''}`)
  return result.password
}

async function askTwice (io: Io): Promise<string> {
  const prompt = openPrompt(io, instead)
  try {
    const first = await prompt.hidden('New password: ')
    if (await prompt.hidden('The same again: ') !== first) throw new Failure(exitCodes.usage, 'the two passwords are different; nothing was changed')
    return first
  } finally {
    prompt.close()
  }
}
