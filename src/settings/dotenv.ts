import { mistake, type Diagnostic } from '../lib/diagnostic.js'

export interface Assignment {
  value: string
  /** Counted from 1. */
  line: number
}

export interface Dotenv {
  /** By name; of two with the same name, the last. */
  assignments: ReadonlyMap<string, Assignment>
  /** Assignments of a name that an earlier line has assigned. */
  repeated: ReadonlyArray<{ name: string, line: number }>
  /** Names at the beginning of lines that cannot be parsed. */
  unread: ReadonlySet<string>
  /** Lines that are neither an assignment nor a comment. Never repeats their text, which may be a secret. */
  mistakes: Diagnostic[]
}

/** Further mistakes are only counted, because nobody reads more. */
const MAX_MISTAKES = 20

/**
 * Parses the text of a `.env`. No name and no value extends beyond its line, so a wrong line never swallows the next one.
 *
 * Accepts `NAME=value` and `export NAME=value`, with or without blanks around `=`, and a `# comment` after the value. A value in
 * double quotes, single quotes or backticks may hold `#`, and blanks at its ends. In double quotes `\n` is a line break.
 */
export function parseDotenv (text: string): Dotenv {
  const assignments = new Map<string, Assignment>()
  const mistakes: Diagnostic[] = []
  const repeated: Array<{ name: string, line: number }> = []
  const unread = new Set<string>()
  let openQuote: string | undefined
  for (const [i, line] of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/).entries()) {
    const isContinuation = openQuote !== undefined
    if (openQuote !== undefined && line.includes(openQuote)) openQuote = undefined
    const parsed = parseLine(line)
    if ('value' in parsed) {
      if (assignments.has(parsed.name)) repeated.push({ name: parsed.name, line: i + 1 })
      assignments.set(parsed.name, { value: parsed.value, line: i + 1 })
    }
    // A value that was meant to have several lines is reported once, at its first line.
    if (!('mistake' in parsed) || (isContinuation && parsed.openQuote === undefined)) continue
    mistakes.push(mistake('.env', 'syntax', parsed.mistake, { line: i + 1 }))
    const name = nameOf(line)
    if (name !== undefined) unread.add(name)
    openQuote = parsed.openQuote
  }
  const more = mistakes.splice(MAX_MISTAKES).length
  if (more > 0) mistakes.push(mistake('.env', 'syntax', `.env has ${more} more lines that are wrong`))
  return { assignments, repeated, unread, mistakes }
}

type Line = { name: string, value: string } | { mistake: string, openQuote?: string } | object

const QUOTES = new Set(['"', '\'', '`'])

function parseLine (line: string): Line {
  if (isComment(line)) return {}
  const [, name, rest = ''] = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*([^]*)$/.exec(line) ?? []
  if (name === undefined) return { mistake: 'this line is not an assignment; write NAME=value, or # at the start of a comment' }
  const quote = rest.charAt(0)
  if (!QUOTES.has(quote)) return { name, value: rest.replace(/#[^]*/, '').trim() }

  const end = rest.indexOf(quote, 1)
  if (end === -1) return { mistake: 'the closing quote is missing on this line; a value cannot have several lines', openQuote: quote }
  if (!isComment(rest.slice(end + 1))) return { mistake: 'text follows the closing quote; put the whole value into one pair of quotes of another kind' }
  const value = rest.slice(1, end)
  return { name, value: quote === '"' ? value.replaceAll('\\n', '\n') : value }
}

/** Returns the name that a line seems to assign; undefined where it does not begin like the name of a setting. */
function nameOf (line: string): string | undefined {
  return /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)/.exec(line)?.[1]
}

/** True for a blank line, too. */
function isComment (line: string): boolean {
  return /^\s*(#|$)/.test(line)
}
