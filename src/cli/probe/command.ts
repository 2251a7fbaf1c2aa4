import { InvalidArgumentError, type Command } from 'commander'
import { isLoopback } from '../../lib/is-loopback.js'
import { isOrigin } from '../../settings/rules.js'
import { newCommand, paintFor, withExamples, type Paint } from '../command.js'
import { exitCodes, Failure, toExitCode, type Io } from '../io.js'
import { readPassword } from '../password-input.js'
import { firstLine } from '../stdin.js'
import { exitCodeOf, probe, type Outcome, type Result } from './probe.js'
import { ask } from './request.js'

interface ProbeOptions {
  user?: string
  passwordStdin?: boolean
  bearerStdin?: boolean
  origin?: string
  room?: string
  json?: boolean
}

/** `probe URL`: asks a running broker from outside whether what must fail fails. */
export function probeCommand (io: Io, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'probe')
    .description('ask a running broker from outside whether what must fail fails, and what must work works; exit code 1 if not, 69 if it cannot be asked. It makes one wrong guess, under a name of its own')
    .argument('<url>', 'the address under which pages see the broker', brokerUrl)
    .option('--user <name>', 'a caller who may have a token')
    .option('--password-stdin', 'read the caller\'s password from the first line of standard input')
    .option('--bearer-stdin', 'read a bearer token from the first line of standard input, in place of --user')
    .option('--origin <origin>', 'an origin whose pages may use the broker, such as https://app.example.com', exactOrigin)
    .option('--room <room>', 'a Video room that the policy refuses to this caller')
    .option('--json', 'print JSON')
    .action(async (url: string, options: ProbeOptions) => done(await toExitCode(io, () => run(io, url, options)))),
  'npx twilio-token-broker probe https://tokens.example.com',
  'npx twilio-token-broker probe https://tokens.example.com --user probe --password-stdin --origin https://app.example.com < password.txt')
}

/** @throws Failure 2 for options that do not go together */
async function run (io: Io, url: string, options: ProbeOptions): Promise<number> {
  const mistake = mistakeIn(options)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const login = await loginOf(io, options)
  const isPrivate = url.startsWith('https:') || isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
  const { origin, room, json } = options
  const results = await probe({ url, login: isPrivate ? login : undefined, origin, room: isPrivate ? room : undefined, ask: request => ask(url, request) })
  const code = exitCodeOf(results)
  io.stdout.write(json ? `${JSON.stringify({ url, ok: code === exitCodes.ok, checks: results })}\n` : inLines(results, paintFor(io)))
  return code
}

function mistakeIn ({ user, passwordStdin, bearerStdin, room }: ProbeOptions): string | undefined {
  if (bearerStdin && (user !== undefined || passwordStdin)) return '--bearer-stdin stands in place of --user and --password-stdin; give one of them'
  if (passwordStdin && user === undefined) return '--password-stdin needs --user'
  return room !== undefined && user === undefined && !bearerStdin ? '--room needs --user or --bearer-stdin' : undefined
}

async function loginOf (io: Io, { user, passwordStdin = false, bearerStdin }: ProbeOptions): Promise<string | undefined> {
  if (bearerStdin) return `Bearer ${headerValue(await firstLine(io))}`
  return user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${await readPassword(io, { passwordStdin })}`).toString('base64')}`
}

/** @throws Failure for what no header can hold */
function headerValue (text: string): string {
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Failure(exitCodes.usage, 'standard input holds no bearer token')
  return token
}

const marks: Record<Outcome, [mark: string, style: Parameters<Paint>[0]]> = {
  ok: ['ok  ', 'green'],
  failed: ['FAIL', 'red'],
  skipped: ['skip', 'dim'],
  unavailable: ['away', 'yellow']
}

function inLines (results: readonly Result[], paint: Paint): string {
  return results.map(({ check, says, outcome, detail }) => {
    const [mark, style] = marks[outcome]
    return `${paint(style, mark)}  ${check.padEnd(16)}${says}${detail === undefined ? '' : `: ${detail}`}\n`
  }).join('')
}

/** @returns without a slash at its end */
function brokerUrl (text: string): string {
  if (!URL.canParse(text)) throw new InvalidArgumentError('It must be an http: or https: URL.')
  const { protocol, username, password, search, hash, href } = new URL(text)
  if (!/^https?:$/.test(protocol)) throw new InvalidArgumentError('It must be an http: or https: URL.')
  if (username + password + search + hash !== '') throw new InvalidArgumentError('It must have no user, password, query or fragment.')
  return href.replace(/\/+$/, '')
}

function exactOrigin (text: string): string {
  if (!isOrigin(text)) throw new InvalidArgumentError('It must be one exact origin, such as https://app.example.com.')
  return text
}
