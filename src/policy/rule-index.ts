import { bearerPrefix, isBearer } from '../caller.js'
import { inNfc, matches, piecesOf, type Pieces } from './patterns.js'
import type { PolicyFile } from './file/schema.js'

/** Results of patterns are cached for so many names, which takes a few megabytes; then the cache is cleared. */
const MAX_CACHED = 10_000

/** Prefix of a group in a rule's `who`, where the policy file or the store of callers says who is in it. */
export const groupPrefix = 'group:'

/** Prefix of a group in a rule's `who`, where the identity provider says who is in it. */
export const bearerGroupPrefix = 'jwt-group:'

export interface WhoOptions {
  /** Normalizes a name for comparison. Default: NFC. */
  form?: (name: string) => string
  /** Whether the store of callers answers their groups. */
  storeGroups?: boolean
}

/**
 * Finds the first rule for a caller at a constant cost: plain names and groups are looked up in maps, and results of patterns are cached.
 *
 * For callers with a bearer token, only entries that begin with `jwt:` or `jwt-group:` count, and they count for nobody else.
 */
export class Who {
  /** The first rule for each plain name and each member of a group. */
  readonly #named = new Map<string, number>()
  /** The first rule for each group, with its prefix, that the store or the identity provider may answer. */
  readonly #groups = new Map<string, number>()
  readonly #patterns: Patterns
  readonly #bearerPatterns: Patterns
  readonly #form: (name: string) => string
  /** Rules, counted from 0, that can never decide, because rules above them match everybody they name. */
  readonly idle: readonly number[]

  constructor ({ groups = {}, rules }: Pick<PolicyFile, 'groups' | 'rules'>, { form = inNfc, storeGroups = false }: WhoOptions = {}) {
    this.#form = form
    this.#patterns = new Patterns('')
    this.#bearerPatterns = new Patterns(form(bearerPrefix))
    const unused = new Map(Object.entries(groups))
    for (const [rule, { who }] of rules.entries()) {
      for (const entry of who) {
        if (entry.startsWith(bearerGroupPrefix)) {
          if (!this.#bearerPatterns.isShadowed(rule)) setFirst(this.#groups, entry.normalize('NFC'), rule)
        } else if (entry.startsWith(groupPrefix)) {
          // Only the first rule that names a group can decide for its members.
          const group = entry.slice(groupPrefix.length)
          for (const name of unused.get(group) ?? []) this.#name(name, rule)
          unused.delete(group)
          if (storeGroups && !this.#patterns.isShadowed(rule)) setFirst(this.#groups, entry.normalize('NFC'), rule)
        } else {
          this.#name(entry, rule)
        }
      }
    }
    const reached = new Set([...this.#named.values(), ...this.#groups.values(), ...this.#patterns.rules, ...this.#bearerPatterns.rules])
    this.idle = [...rules.keys()].filter(rule => !reached.has(rule))
  }

  /**
   * Returns the first rule for a caller, counted from 0; Infinity if there is none.
   * @param name as `form` normalizes it
   */
  find (name: string, groups: readonly string[] = []): number {
    const patterns = isBearer({ name }) ? this.#bearerPatterns : this.#patterns
    return patterns.find(name, this.#byGroup(name, groups, this.#named.get(name) ?? Infinity))
  }

  /** @param first the first rule that is known so far */
  #byGroup (name: string, groups: readonly string[], first: number): number {
    if (this.#groups.size === 0 || groups.length === 0) return first
    const prefix = isBearer({ name }) ? bearerGroupPrefix : groupPrefix
    return Math.min(first, ...groups.map(group => this.#groups.get(prefix + group) ?? Infinity))
  }

  #name (entry: string, rule: number): void {
    const patterns = entry.startsWith(bearerPrefix) ? this.#bearerPatterns : this.#patterns
    if (patterns.isShadowed(rule)) return
    if (entry.includes('*')) patterns.add(piecesOf(entry, this.#form), rule)
    else setFirst(this.#named, this.#form(entry), rule)
  }
}

function setFirst (rules: Map<string, number>, key: string, rule: number): void {
  if (!rules.has(key)) rules.set(key, rule)
}

/** The patterns of one kind of callers, in the order of their rules. */
class Patterns {
  readonly #prefix: string
  readonly #patterns: Array<{ rule: number, pieces: Pieces }> = []
  readonly #first = new Map<string, number>()
  /** The first rule that matches everybody. */
  #all = Infinity

  /** @param prefix with which all names of this kind begin, as `form` normalizes it */
  constructor (prefix: string) {
    this.#prefix = prefix
  }

  get rules (): number[] {
    return this.#patterns.map(({ rule }) => rule)
  }

  /** Whether a rule above this one matches everybody. */
  isShadowed (rule: number): boolean {
    return this.#all < rule
  }

  add (pieces: Pieces, rule: number): void {
    this.#patterns.push({ rule, pieces })
    if (pieces.every((piece, i) => piece === (i === 0 ? this.#prefix : ''))) this.#all = Math.min(this.#all, rule)
  }

  /** @param first the first rule that is known so far */
  find (name: string, first: number): number {
    const [pattern] = this.#patterns
    return pattern === undefined || pattern.rule >= first ? first : Math.min(first, this.#match(name))
  }

  #match (name: string): number {
    let rule = this.#first.get(name)
    if (rule === undefined) {
      rule = this.#patterns.find(({ pieces }) => matches(pieces, name))?.rule ?? Infinity
      if (this.#first.size === MAX_CACHED) this.#first.clear()
      this.#first.set(name, rule)
    }
    return rule
  }
}
