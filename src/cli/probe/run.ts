import { isLoopback } from '../../lib/is-loopback.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { paintFor, type Paint } from '../paint.js'
import { readPassword } from '../password-input.js'
import { firstLine } from '../stdin.js'
import { exitCodeOf, probe, type Outcome, type Result } from './probe.js'
import { ask } from './request.js'

export interface ProbeOptions {
  user?: string
  passwordStdin?: boolean
  bearerStdin?: boolean
  origin?: string
  room?: string
  json?: boolean
}

/**
 * Probes the broker at `url`, and prints the results.
 * @throws Failure 2 for options that exclude each other
 */
export async function runProbe (io: Io, url: string, options: ProbeOptions): Promise<number> {
  const mistake = mistakeIn(options)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const login = await loginOf(io, options)
  const isPrivate = url.startsWith('https:') || isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
  const { origin, room, json } = options
  const results = await probe({
    url,
    login: isPrivate ? login : undefined,
    origin,
    room: isPrivate ? room : undefined,
    ask: request => ask(url, request)
  })
  const code = exitCodeOf(results)
  io.stdout.write(json ? `${JSON.stringify({ url, ok: code === exitCodes.ok, checks: results })}\n` : inLines(results, paintFor(io)))
  return code
}

function mistakeIn ({ user, passwordStdin, bearerStdin, room }: ProbeOptions): string | undefined {
  if (bearerStdin && (user !== undefined || passwordStdin)) return '--bearer-stdin replaces --user and --password-stdin; use one of the two'
  if (passwordStdin && user === undefined) return '--password-stdin needs --user'
  return room !== undefined && user === undefined && !bearerStdin ? '--room needs --user or --bearer-stdin' : undefined
}

async function loginOf (io: Io, { user, passwordStdin = false, bearerStdin }: ProbeOptions): Promise<string | undefined> {
  if (bearerStdin) return `Bearer ${headerValue(await firstLine(io))}`
  return user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${await readPassword(io, { passwordStdin })}`).toString('base64')}`
}

/** @throws Failure for a text that a header cannot contain */
function headerValue (text: string): string {
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Failure(exitCodes.usage, 'standard input holds no bearer token')
  return token
}

const marks: Record<Outcome, [mark: string, style: Parameters<Paint>[0]]> = {
  ok: ['ok  ', 'green'],
  failed: ['FAIL', 'red'],
  skipped: ['skip', 'dim'],
  unavailable: ['down', 'yellow']
}

function inLines (results: readonly Result[], paint: Paint): string {
  return results.map(({ check, says, outcome, detail }) => {
    const [mark, style] = marks[outcome]
    return `${paint(style, mark)}  ${check.padEnd(16)}${says}${detail === undefined ? '' : `: ${detail}`}\n`
  }).join('')
}
