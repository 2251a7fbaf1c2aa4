import type { Caller } from '../caller.js'
import type { GrantContext } from '../products/contract.js'
import { forbid } from '../products/refusals.js'

/** A pattern, split at each `*`: the pieces are literal, and any run of characters matches between two of them. */
export type Pieces = readonly string[]

const caller = '{caller}'

/** @param form normalizes each piece as the texts that are matched are normalized; applied after the split, so that it cannot make a `*` */
export function piecesOf (pattern: string, form = inNfc): Pieces {
  return pattern.split('*').map(form)
}

export function inNfc (text: string): string {
  return text.normalize('NFC')
}

/**
 * Whether the pieces match the whole text, which is in NFC. Each piece is matched where it first occurs, without backtracking, so the time
 * is linear also for a pattern with many `*`.
 */
export function matches (pieces: Pieces, text: string): boolean {
  const first = pieces[0]!
  if (pieces.length === 1) return text === first
  const last = pieces.at(-1)!
  const end = text.length - last.length
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return at <= end
}

/** Inserts the caller's name. It is inserted after the split, so that a `*` in it is not a pattern. */
function filled (pieces: Pieces, name: string): Pieces {
  return pieces.map(piece => piece.replaceAll(caller, () => name).normalize('NFC'))
}

/** Several patterns, grouped by how they are matched. */
export class PatternList {
  readonly #exact = new Set<string>()
  readonly #wild: Pieces[] = []
  readonly #ofCaller: Pieces[] = []
  readonly #only: Pieces | undefined

  constructor (patterns: readonly string[]) {
    const all = [...new Set(patterns)].map(pattern => piecesOf(pattern))
    for (const pieces of all) {
      if (pieces.some(piece => piece.includes(caller))) this.#ofCaller.push(pieces)
      else if (pieces.length === 1) this.#exact.add(pieces[0]!)
      else this.#wild.push(pieces)
    }
    if (all.length === 1 && all[0]!.length === 1) this.#only = all[0]
  }

  /** @param text in NFC */
  matches (text: string, name: string): boolean {
    return this.#exact.has(text) ||
      this.#wild.some(pieces => matches(pieces, text)) ||
      this.#ofCaller.some(pieces => matches(filled(pieces, name), text))
  }

  /** The only name that the list allows; undefined if it allows several or none. */
  only (name: string): string | undefined {
    return this.#only && filled(this.#only, name)[0]
  }
}

/** Each list of a policy is compiled once, and forgotten with the policy. */
const compiled = new WeakMap<readonly string[], PatternList>()

export function listOf (patterns: readonly string[]): PatternList {
  let list = compiled.get(patterns)
  if (list === undefined) compiled.set(patterns, list = new PatternList(patterns))
  return list
}

/**
 * Returns `GrantContext.choose` for one caller: it checks the name of a room, for instance, against the policy's patterns. It returns the
 * name in NFC, the form that was compared: Twilio takes the same letters in another Unicode normal form for another room.
 */
export function chooser ({ name }: Caller): GrantContext['choose'] {
  return (property, asked, patterns) => {
    if (patterns === undefined) return asked
    const list = listOf(patterns)
    if (asked === undefined) return list.only(name) ?? forbid(property, unnamed(patterns))
    const text = asked.normalize('NFC')
    return list.matches(text, name) ? text : forbid(property, 'the policy does not allow this one')
  }
}

function unnamed (patterns: readonly string[]): string {
  return patterns.length === 0 ? 'the policy allows none' : 'has to be named: the policy allows some, and not all'
}
