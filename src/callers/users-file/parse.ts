import { setImmediate as nextTurn } from 'node:timers/promises'
import { mistake, type Diagnostic, type DiagnosticCode } from '../../lib/diagnostic.js'
import { Decoys } from '../passwords/decoys.js'
import { LineErrors, RepeatedWarnings } from './line-errors.js'
import { parseLine, splitLines } from './lines.js'
import { duplicateKey, nameMistake } from '../../caller.js'
import { fileFormats, readHash } from '../passwords/formats.js'
import type { Refusal, StoredHash } from '../passwords/formats.js'
import type { Caller } from '../store.js'

/** A caller of the users file. */
export interface FileCaller extends Caller {
  readonly hash: string
}

/** The content of a valid users file. */
export interface Users {
  /** By name, in the order of the file; at least one. */
  readonly callers: ReadonlyMap<string, FileCaller>
  readonly decoys: Decoys
  readonly warnings: readonly Diagnostic[]
}

/** What is wrong with an invalid users file. */
export interface Mistakes {
  readonly mistakes: readonly Diagnostic[]
}

/** The command for a file without users. */
export const ADD_USER_HINT = 'add a user: npx twilio-token-broker users add NAME'

/** A few milliseconds of work: then requests get a turn, so that a large file does not delay them. */
const LINES_PER_TURN = 500

/**
 * Parses Apache's htpasswd format: one `name:hash` a line, and `#` comments.
 * @param label the file as the operator named it
 * @param previous the callers of the last load; those that have not changed stay the same objects
 */
export async function readUsers (
  file: Buffer,
  label: string,
  previous: ReadonlyMap<string, FileCaller> = new Map()
): Promise<Users | Mistakes> {
  const mistakes = new LineErrors(label)
  const warnings = new RepeatedWarnings(label)
  const callers = new Map<string, FileCaller>()
  const lines = new Map<string, number>()
  const decoys = new Decoys()

  for (const { number, text } of splitLines(file)) {
    if (number % LINES_PER_TURN === 0) await nextTurn()
    const user = readUser(text)
    if (user === undefined) continue
    if ('mistake' in user) {
      mistakes.add(number, user.code ?? 'invalid', user.mistake)
      continue
    }
    const key = duplicateKey(user.name)
    const first = lines.get(key)
    if (first !== undefined) {
      mistakes.add(number, 'conflict', `the same name as in line ${first} (case and normal form do not count)`)
      continue
    }
    lines.set(key, number)

    const { name, hash, stored } = user
    if (stored.warning !== undefined) warnings.add(number, 'insecure', stored.warning)
    decoys.add(stored)
    const known = previous.get(name)
    callers.set(name, known?.hash === hash ? known : { name, identity: name, hash })
  }

  if (mistakes.any) return { mistakes: mistakes.list() }
  if (callers.size === 0) return { mistakes: [mistake(label, 'missing', `${label} has no users; ${ADD_USER_HINT}`)] }
  return { callers, decoys, warnings: warnings.list() }
}

type BadLine = Refusal & { code?: DiagnosticCode }

function readUser (text: string | undefined): { name: string, hash: string, stored: StoredHash } | BadLine | undefined {
  if (text === undefined) return { code: 'syntax', mistake: 'this line is not UTF-8' }
  const entry = parseLine(text)
  if (entry === undefined) return undefined

  const { name, hash } = entry
  if (hash === undefined) return { code: 'syntax', mistake: 'this line has no colon between name and hash' }
  const wrongName = nameMistake(name)
  if (wrongName !== undefined) return { mistake: wrongName }
  const stored = readHash(hash, fileFormats)
  return 'mistake' in stored ? stored : { name, hash, stored }
}
