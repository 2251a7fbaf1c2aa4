import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Dispatcher } from 'undici'
import { resolveLinks, writeAtomic } from '../../files/write-atomic.js'
import { firstLine } from '../stdin.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { mistakeOf, type Answers } from './answers.js'
import { addFirst, firstLineOf, givenPassword, nameProblem, usersFileOf, type UserOptions } from './first-user.js'
import { complete } from './interview.js'
import { caution, optional, region, required, type Question } from './questions.js'
import { usable, writable } from './usable.js'

export interface InitOptions extends UserOptions {
  accountSid?: string
  keySid?: string
  region?: string
  secretFile?: string
  secretStdin?: boolean
  twimlAppSid?: string
  conversationsServiceSid?: string
  syncServiceSid?: string
  origin?: string
  force?: boolean
}

/**
 * Asks for what is not given, writes `.env`, adds a first user, and says how to go on. Nothing is written before all is known.
 * @param network how requests to Twilio leave the machine; by default as all others
 */
export async function init (io: Io, options: InitOptions, network?: Dispatcher): Promise<number> {
  if (options.secretStdin && options.passwordStdin) throw new Failure(exitCodes.usage, 'standard input holds one secret; give the other as a file')
  if ((options.secretStdin || options.passwordStdin) && io.stdin.isTTY) throw new Failure(exitCodes.usage, 'standard input is a terminal, which would show the secret; leave --secret-stdin and --password-stdin out to be asked for it')
  const path = await usable('.env', resolveLinks(resolve(io.cwd, '.env')))
  const isThere = await writable('.env', path)
  if (options.user !== false) await writable(usersFileOf(io), resolve(io.cwd, usersFileOf(io)))
  if (isThere && !options.force && !io.stdin.isTTY) throw new Failure(exitCodes.usage, '.env is there already; --force writes a new one in its place, with these settings alone')

  const given = await givenAnswers(io, options)
  await refuseWrong(io, given, options)
  const password = await givenPassword(io, options)
  const { answers, user } = await complete(io, { given, password, user: options.user, mayReplace: !isThere || options.force === true }, network)
  await usable('.env', writeAtomic(path, Buffer.from(envFile(answers))))
  io.stdout.write('wrote .env, which only you may read\n')
  if (user !== undefined) await addFirst(io, user.name, user.password)
  io.stdout.write('next: twilio-token-broker check --online, and then: twilio-token-broker start\n')
  return exitCodes.ok
}

async function givenAnswers (io: Io, options: InitOptions): Promise<Answers> {
  const { secretStdin, secretFile } = options
  const secret = secretStdin ? await firstLine(io) : secretFile === undefined ? undefined : await firstLineOf(io, secretFile)
  const given = {
    TWILIO_ACCOUNT_SID: options.accountSid,
    TWILIO_API_KEY_SID: options.keySid,
    TWILIO_API_KEY_SECRET: secret,
    TWILIO_REGION: options.region,
    TWILIO_TWIML_APP_SID: options.twimlAppSid,
    TWILIO_CONVERSATIONS_SERVICE_SID: options.conversationsServiceSid,
    TWILIO_SYNC_SERVICE_SID: options.syncServiceSid,
    CORS_ORIGINS: options.origin
  }
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** @throws Failure for all that is wrong with the options, before anybody types a secret */
async function refuseWrong (io: Io, given: Answers, options: InitOptions): Promise<void> {
  const wrong: string[] = []
  for (const question of [...required, region, ...optional]) {
    const value = given[question.setting]
    if (value === undefined) continue
    const mistake = await mistakeOf(question, value)
    const doubt = caution(question, value)
    if (mistake !== undefined) wrong.push(mistake)
    else if (doubt !== undefined) io.stderr.write(`${question.setting}: ${doubt} (a warning)\n`)
  }
  const missing = io.stdin.isTTY ? [] : missingFlags(given, options)
  if (missing.length > 0) wrong.push(`standard input is no terminal to ask at; add ${missing.join(', ')}`)
  if (wrong.length > 0) throw new Failure(exitCodes.usage, wrong.join('\n'))
  const problem = typeof options.user === 'string' ? await nameProblem(io, options.user) : undefined
  if (problem !== undefined) throw problem
}

function missingFlags (given: Answers, { user, passwordFile, passwordStdin }: InitOptions): string[] {
  return [
    ...required.filter(({ setting }) => given[setting] === undefined).map(({ flag }) => flag === '--secret-file' ? '--secret-file (or --secret-stdin)' : flag),
    ...(user === undefined ? ['--user (or --no-user)'] : []),
    ...(user !== false && passwordFile === undefined && !passwordStdin ? ['--password-file (or --password-stdin)'] : [])
  ]
}

function envFile (answers: Answers): string {
  const order: Question[] = [...required, region, ...optional]
  const lines = order.map(({ setting }) => [setting, answers[setting] ?? ''] as const).filter(([, value]) => value !== '')
    // A bare # would begin a comment.
    .map(([setting, value]) => `${setting}=${value.includes('#') ? `'${value}'` : value}\n`)
  // Of its own, so that a new API key ends no session.
  const sessions = `SESSION_SECRET=${randomBytes(32).toString('base64url')}\n`
  return `# Keep this file out of git. All settings: .env.example\n${lines.join('')}${sessions}`
}
