import { newPassword } from '../callers/password-rules.js'
import { exitCodes, Failure, type Io } from './io.js'
import { firstLine } from './stdin.js'
import { openPrompt } from './prompt.js'

export interface PasswordOptions {
  /** Take the first line of standard input. */
  passwordStdin?: boolean
}

export interface NewPasswordOptions extends PasswordOptions {
  /** Take passwords below the usual length. */
  allowShort?: boolean
}

const instead = 'give the password with --password-stdin'

/** The password as it was given. */
export async function givenPassword (io: Io, { passwordStdin }: PasswordOptions): Promise<string> {
  if (passwordStdin) return await firstLine(io)
  const prompt = openPrompt(io, instead)
  try {
    return await prompt.hidden('Password: ')
  } finally {
    prompt.close()
  }
}

/**
 * A password to store, in NFC; asked for twice, since nobody sees what is typed.
 * @param option what the command has for a short one
 */
export async function givenNewPassword (io: Io, { passwordStdin, allowShort }: NewPasswordOptions, option = '; --allow-short takes fewer'): Promise<string> {
  const typed = passwordStdin ? await firstLine(io) : await askTwice(io)
  const result = newPassword(typed, { allowShort })
  if ('mistake' in result) throw new Failure(exitCodes.usage, `${result.mistake}${result.isShort ? option : ''}`)
  return result.password
}

async function askTwice (io: Io): Promise<string> {
  const prompt = openPrompt(io, instead)
  try {
    const first = await prompt.hidden('New password: ')
    if (await prompt.hidden('The same again: ') !== first) throw new Failure(exitCodes.usage, 'these are two different passwords; nothing was changed')
    return first
  } finally {
    prompt.close()
  }
}
