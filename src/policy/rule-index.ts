import { inNfc, matches, piecesOf, type Pieces } from './patterns.js'
import type { PolicyFile } from './file/schema.js'

/** Names that the patterns' answer is remembered for, before it all is forgotten: a few megabytes, as a name is at most 121 characters. */
const remembered = 10_000

/** How `who` and `groups` write a group. */
export const groupPrefix = 'group:'

/**
 * Finds the first rule for a name, at the same cost however many rules and members there are: a plain name is looked
 * up, and what the patterns say to a name is remembered.
 */
export class Who {
  /** A plain name, or a member of a group, and the first rule that names it. */
  readonly #named = new Map<string, number>()
  readonly #patterns: Array<{ rule: number, pieces: Pieces }> = []
  readonly #form: (name: string) => string
  readonly #firstPattern = new Map<string, number>()
  /** Rules, from 0, that no caller can come to: the rules above take everybody they name. */
  readonly idle: readonly number[]

  /** @param form in which names are compared */
  constructor ({ groups = {}, rules }: Pick<PolicyFile, 'groups' | 'rules'>, form = inNfc) {
    this.#form = form
    const unused = new Map(Object.entries(groups))
    let open = true
    for (const [rule, { who }] of rules.entries()) {
      if (!open) break
      for (const entry of who) {
        if (entry.startsWith(groupPrefix)) {
          // Only the first rule that names a group can decide for its members.
          const group = entry.slice(groupPrefix.length)
          for (const name of unused.get(group) ?? []) this.#name(name, rule)
          unused.delete(group)
        } else if (entry.includes('*')) {
          const pieces = piecesOf(entry, form)
          this.#patterns.push({ rule, pieces })
          if (pieces.every(piece => piece === '')) open = false
        } else {
          this.#name(entry, rule)
        }
      }
    }
    const reached = new Set([...this.#named.values(), ...this.#patterns.map(({ rule }) => rule)])
    this.idle = [...rules.keys()].filter(rule => !reached.has(rule))
  }

  /** The first rule for a name in the form that names are compared in, counted from 0; Infinity when there is none. */
  find (name: string): number {
    const named = this.#named.get(name) ?? Infinity
    const [first] = this.#patterns
    return first === undefined || first.rule >= named ? named : Math.min(named, this.#byPattern(name))
  }

  #name (name: string, rule: number): void {
    const key = this.#form(name)
    if (!this.#named.has(key)) this.#named.set(key, rule)
  }

  #byPattern (name: string): number {
    let rule = this.#firstPattern.get(name)
    if (rule === undefined) {
      rule = this.#patterns.find(({ pieces }) => matches(pieces, name))?.rule ?? Infinity
      if (this.#firstPattern.size === remembered) this.#firstPattern.clear()
      this.#firstPattern.set(name, rule)
    }
    return rule
  }
}
