import { setImmediate as nextTurn } from 'node:timers/promises'
import { Decoys } from '../passwords/decoys.js'
import { LineErrors, Repeated } from './line-errors.js'
import { entryOf, linesOf } from './lines.js'
import { duplicateKey, nameMistake } from '../../caller.js'
import { fileFormats, readHash } from '../passwords/formats.js'
import type { Refusal, StoredHash } from '../passwords/formats.js'
import type { Caller } from '../store.js'

/** A caller of the users file. */
export interface FileCaller extends Caller {
  readonly hash: string
}

/** A users file that is right. */
export interface Users {
  /** By name, in the file's order; at least one. */
  readonly callers: ReadonlyMap<string, FileCaller>
  readonly decoys: Decoys
  readonly warnings: readonly string[]
}

/** A users file that is not: sentences for the operator, each with the file's name and, where there is one, the line. */
export interface Mistakes {
  readonly mistakes: readonly string[]
}

/** What to run when a file has no users. */
export const addFirst = 'add a user: twilio-token-broker users add NAME'

/** Lines between two pauses of a few milliseconds' work each, so that a large file never holds up requests. */
const chunk = 500

/**
 * Reads a file of Apache's htpasswd form: `name:hash`, one a line, `#` comments.
 * @param label the file as the operator named it
 * @param before the callers as they were; those that have not changed stay the same objects
 */
export async function readUsers (file: Buffer, label: string, before: ReadonlyMap<string, FileCaller> = new Map()): Promise<Users | Mistakes> {
  const mistakes = new LineErrors(label)
  const warnings = new Repeated(label)
  const callers = new Map<string, FileCaller>()
  const lineOf = new Map<string, number>()
  const decoys = new Decoys()

  for (const { number, text } of linesOf(file)) {
    if (number % chunk === 0) await nextTurn()
    const user = readUser(text)
    if (user === undefined) continue
    if ('mistake' in user) {
      mistakes.add(number, user.mistake)
      continue
    }
    const key = duplicateKey(user.name)
    const first = lineOf.get(key)
    if (first !== undefined) {
      mistakes.add(number, `the name of line ${first} stands here again (case and normal form do not count)`)
      continue
    }
    lineOf.set(key, number)

    const { name, hash, stored } = user
    if (stored.warning !== undefined) warnings.add(number, stored.warning)
    decoys.add(stored)
    const known = before.get(name)
    callers.set(name, known?.hash === hash ? known : { name, identity: name, hash })
  }

  if (mistakes.any) return { mistakes: mistakes.list() }
  if (callers.size === 0) return { mistakes: [`${label} holds no users; ${addFirst}`] }
  return { callers, decoys, warnings: warnings.list() }
}

function readUser (text: string | undefined): { name: string, hash: string, stored: StoredHash } | Refusal | undefined {
  if (text === undefined) return { mistake: 'this line is not UTF-8' }
  const entry = entryOf(text)
  if (entry === undefined) return undefined

  const { name, hash } = entry
  if (hash === undefined) return { mistake: 'this line has no colon between a name and a hash' }
  const mistake = nameMistake(name)
  if (mistake !== undefined) return { mistake }
  const stored = readHash(hash, fileFormats)
  return 'mistake' in stored ? stored : { name, hash, stored }
}
