import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Dispatcher } from 'undici'
import { resolveLinks, writeAtomic } from '../../files/write-atomic.js'
import { orFailure } from '../file-failure.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { firstLine } from '../stdin.js'
import { mistakeOf, type Answers } from './answers.js'
import { addFirstUser, firstLineOf, nameProblem, passwordOf, usersFileOf, type UserOptions } from './first-user.js'
import { complete } from './interview.js'
import { caution, optional, region, required, type Question } from './questions.js'
import { checkWritable } from './writable.js'

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
 * `init`: asks for everything that the options do not give, writes `.env`, adds a first user, and prints what to run next. Writes nothing
 * before all answers are complete.
 * @param network sends the requests to Twilio. Default: the process's own
 */
export async function init (io: Io, options: InitOptions, network?: Dispatcher): Promise<number> {
  if (options.secretStdin && options.passwordStdin) throw new Failure(exitCodes.usage, 'standard input can hold one secret; give the other one as a file')
  if ((options.secretStdin || options.passwordStdin) && io.stdin.isTTY) throw new Failure(exitCodes.usage, 'standard input is a terminal, which would show the secret; leave out --secret-stdin and --password-stdin to be asked for it')
  const path = await orFailure('.env', resolveLinks(resolve(io.cwd, '.env')))
  const exists = await checkWritable('.env', path)
  if (options.user !== false) await checkWritable(usersFileOf(io), resolve(io.cwd, usersFileOf(io)))
  if (exists && !options.force && !io.stdin.isTTY) throw new Failure(exitCodes.usage, '.env exists; --force replaces it with a new one that has these settings alone')

  const given = await answersOf(io, options)
  await checkOptions(io, given, options)
  const password = await passwordOf(io, options)
  const { answers, user } = await complete(
    io,
    { given, password, user: options.user, mayReplace: !exists || options.force === true },
    network
  )
  await orFailure('.env', writeAtomic(path, Buffer.from(envFile(answers))))
  io.stdout.write('wrote .env, which only you can read\n')
  if (user !== undefined) await addFirstUser(io, user.name, user.password)
  io.stdout.write('next, run: npx twilio-token-broker check --online, then: npx twilio-token-broker start\n')
  return exitCodes.ok
}

/** The answers that the options give. */
async function answersOf (io: Io, options: InitOptions): Promise<Answers> {
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

/**
 * Checks the options before anybody types a secret.
 * @throws Failure that lists everything that is wrong
 */
async function checkOptions (io: Io, given: Answers, options: InitOptions): Promise<void> {
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
  if (missing.length > 0) wrong.push(`standard input is not a terminal, so nothing can be asked; add ${missing.join(', ')}`)
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
    // Without quotes, # begins a comment.
    .map(([setting, value]) => `${setting}=${value.includes('#') ? `'${value}'` : value}\n`)
  // Separate from the API key's secret, so that a new API key ends no session.
  const sessions = `SESSION_SECRET=${randomBytes(32).toString('base64url')}\n`
  return `# Keep this file out of git. All settings: .env.example\n${lines.join('')}${sessions}`
}
