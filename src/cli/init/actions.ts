import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { errorCode } from '../../files/errno.js'
import { userNameMistake } from '../../callers/users-file/edit.js'
import { targetOf, writeWhole } from '../../files/write-atomic.js'
import { readVariables, valueMistake } from '../../settings/load.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { firstLine } from '../stdin.js'
import { caution, questions, type Question } from './questions.js'
import { openPrompt, type Prompt } from '../prompt.js'
import { givenNewPassword } from '../password-input.js'
import { addUser } from '../users/actions.js'

export interface InitOptions {
  accountSid?: string
  keySid?: string
  region?: string
  secretFile?: string
  secretStdin?: boolean
  user?: string | false
  passwordFile?: string
  passwordStdin?: boolean
  force?: boolean
}

type Answers = Partial<Record<Question['setting'], string>>

/** Asks for what is not given, writes `.env`, adds a first user, and says how to go on. */
export async function init (io: Io, options: InitOptions): Promise<number> {
  if (options.secretStdin && options.passwordStdin) throw new Failure(exitCodes.usage, 'standard input holds one secret; give the other as a file')
  const given = await givenAnswers(io, options)
  const path = await targetOf(resolve(io.cwd, '.env'))
  const { answers, user } = await withPrompt(io, async prompt => {
    await mayReplace(path, options, prompt)
    return { answers: await allAnswers(io, given, prompt), user: options.user ?? await prompt().shown('First user (Enter for susan): ') }
  })
  // Before anything is written, so that what is refused changes nothing.
  const first = user === false ? undefined : await firstUser(io, user.trim() || 'susan', options)
  await usable('.env', writeWhole(path, Buffer.from(envFile(answers))))
  io.stdout.write('wrote .env, which only you may read\n')
  await first?.()
  io.stdout.write('next: twilio-token-broker check --online, and then: twilio-token-broker start\n')
  return exitCodes.ok
}

async function givenAnswers (io: Io, { accountSid, keySid, region, secretFile, secretStdin }: InitOptions): Promise<Answers> {
  const secret = secretStdin ? await firstLine(io) : secretFile === undefined ? undefined : await firstLineOf(io, secretFile)
  return {
    ...(accountSid !== undefined && { TWILIO_ACCOUNT_SID: accountSid }),
    ...(keySid !== undefined && { TWILIO_API_KEY_SID: keySid }),
    ...(secret !== undefined && { TWILIO_API_KEY_SECRET: secret }),
    ...(region !== undefined && { TWILIO_REGION: region })
  }
}

/** Opens the terminal once something has to be asked. */
async function withPrompt<T> (io: Io, work: (prompt: () => Prompt) => Promise<T>): Promise<T> {
  let prompt: Prompt | undefined
  try {
    return await work(() => { prompt ??= openPrompt(io, 'see --help for the flags that answer'); return prompt })
  } finally {
    prompt?.close()
  }
}

async function mayReplace (path: string, { force }: InitOptions, prompt: () => Prompt): Promise<void> {
  const there = await readFile(path).then(() => true, error => errorCode(error) !== 'ENOENT')
  if (!there || force) return
  const answer = await prompt().shown('.env is there already. Write a new one in its place, with these settings alone? (y/N) ')
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(exitCodes.no, '.env stays as it is')
}

async function allAnswers (io: Io, given: Answers, prompt: () => Prompt): Promise<Answers> {
  const answers: Answers = {}
  for (const question of questions) {
    const { setting, otherwise } = question
    const value = given[setting]
    // By flags alone, what may be left out is.
    const asked = value === undefined && !(otherwise !== undefined && given.TWILIO_API_KEY_SECRET !== undefined)
    answers[setting] = asked ? await ask(io, question, prompt()) : taken(io, question, value ?? '')
  }
  return answers
}

/** Asks until the answer is right: a person at a terminal can look again. */
async function ask ({ stderr }: Io, question: Question, prompt: Prompt): Promise<string> {
  const { setting, where, ask, hidden } = question
  stderr.write(`\n${where}\n`)
  while (true) {
    const value = (hidden ? await prompt.hidden(ask) : await prompt.shown(ask)).trim()
    const mistake = mistakeOf(question, value)
    const doubt = caution(question, value)
    if (mistake !== undefined) stderr.write(`${mistake}\n`)
    else if (doubt === undefined || /^y(es)?$/i.test(await prompt.shown(`${setting}: ${doubt}. Take it nevertheless? (y/N) `))) return value
  }
}

function taken ({ stderr }: Io, question: Question, value: string): string {
  const mistake = mistakeOf(question, value)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const doubt = caution(question, value)
  if (doubt !== undefined) stderr.write(`${question.setting}: ${doubt} (a warning)\n`)
  return value
}

function mistakeOf ({ setting, otherwise }: Question, value: string): string | undefined {
  return value === otherwise ? undefined : valueMistake(setting, value)
}

function envFile (answers: Answers): string {
  const lines = Object.entries(answers).filter(([, value]) => value !== '')
    // A bare # would begin a comment.
    .map(([setting, value]) => `${setting}=${value.includes('#') ? `'${value}'` : value}\n`)
  return `# Keep this file out of git. All settings: .env.example\n${lines.join('')}`
}

/** @returns what adds the user, once everything about it is known to be right */
async function firstUser (io: Io, name: string, options: InitOptions): Promise<() => Promise<unknown>> {
  const mistake = userNameMistake(name.normalize('NFC'))
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const password = await firstPassword(io, options)
  return () => {
    const file = readVariables(io.env, io.cwd).USERS_FILE ?? 'users.htpasswd'
    return addUser({ io: { ...io, stdin: Readable.from([password]) }, file }, name, { passwordStdin: true })
  }
}

/** By a flag, or asked for until it is right: a person at a terminal has answered much by now. */
async function firstPassword (io: Io, { passwordFile, passwordStdin = false }: InitOptions): Promise<string> {
  if (passwordFile !== undefined) {
    const stdin = Readable.from([Buffer.from(await firstLineOf(io, passwordFile))])
    return givenNewPassword({ ...io, stdin }, { passwordStdin: true })
  }
  while (true) {
    try {
      return await givenNewPassword(io, { passwordStdin })
    } catch (error) {
      if (passwordStdin || !io.stdin.isTTY || !(error instanceof Failure) || error.exitCode !== exitCodes.usage) throw error
      io.stderr.write(`${error.message}\n`)
    }
  }
}

async function firstLineOf (io: Io, file: string): Promise<string> {
  const bytes = await usable(file, readFile(resolve(io.cwd, file)))
  return firstLine({ ...io, stdin: Readable.from([bytes]) })
}

async function usable<T> (file: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new Failure(exitCodes.settings, `${file} cannot be used (${errorCode(error)}): look at its owner and mode, and at those of its directory`)
  })
}
