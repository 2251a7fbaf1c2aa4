import { bearerPrefix, foldText, groupLimits, groupsIn, nameMistake } from '../../caller.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import type { Fault } from './fault.js'
import { bearerGroupPrefix, groupPrefix } from '../rule-index.js'

/**
 * Checks the names in `groups` and `who`, which a schema cannot do. Takes any value, and skips what has the wrong form, because the schema
 * reports that.
 * @param storeGroups whether the store answers groups, so that `who` may name groups that are not in the file
 */
export function * faultyNames (policy: unknown, storeGroups = false): Generator<Fault> {
  const groups = recordOf(recordOf(policy).groups)
  for (const [group, members] of Object.entries(groups)) {
    for (const [i, name] of textsOf(members)) {
      const mistake = memberMistake(name)
      if (mistake !== undefined) yield { code: 'invalid', path: ['groups', group, i], message: `${JSON.stringify(name)} is not a caller's name: ${mistake}` }
    }
  }
  for (const [rule, { who }] of rulesOf(policy)) {
    for (const [i, entry] of textsOf(who)) {
      const fault = faultOfWho(entry, groups, storeGroups)
      if (fault !== undefined) yield { ...fault, path: ['rules', rule, 'who', i] }
    }
  }
}

/**
 * Finds names and patterns that a store of callers may treat as the same name: it would be unclear which rule applies to a caller. Names
 * from an identity provider are compared exactly.
 */
export function * namesThatFold (policy: unknown): Generator<Fault> {
  const first = new Map<string, string>()
  for (const { path, name } of namesIn(policy)) {
    if (name.startsWith(bearerPrefix)) continue
    const key = foldText(name)
    if (/^\**$/.test(key) && !/^\**$/.test(name)) yield { code: 'invalid', path, message: `${JSON.stringify(name)} is empty without marks and invisible characters, which the store of callers may ignore` }
    const known = first.get(key) ?? name
    first.set(key, known)
    if (known.normalize('NFC') !== name.normalize('NFC')) {
      yield { code: 'conflict', path, message: `${JSON.stringify(name)} is the same name as ${JSON.stringify(known)}: the store of callers may ignore case, accents, width and invisible characters; keep one spelling` }
    }
  }
}

/** Returns the names and patterns of names in groups and rules. */
export function * namesIn (policy: unknown): Generator<{ path: string[], name: string }> {
  for (const [group, members] of Object.entries(recordOf(recordOf(policy).groups))) {
    for (const [i, name] of textsOf(members)) yield { path: ['groups', group, i], name }
  }
  for (const [rule, { who }] of rulesOf(policy)) {
    for (const [i, name] of textsOf(who)) if (!name.startsWith(groupPrefix) && !name.startsWith(bearerGroupPrefix)) yield { path: ['rules', rule, 'who', i], name }
  }
}

/** Finds entries for products that are off. They are not a mistake: the next settings may turn the products on. */
export function * withoutEffect (policy: unknown, off: ReadonlySet<string>): Generator<Fault> {
  for (const [rule, { allow }] of rulesOf(policy)) {
    for (const product of Object.keys(recordOf(allow))) {
      if (off.has(product)) yield { code: 'no-effect', path: ['rules', rule, 'allow', product], of: 'key', message: `${product} is not enabled, so this has no effect` }
    }
  }
}

function faultOfWho (entry: string, groups: Record<string, unknown>, storeGroups: boolean): Omit<Fault, 'path'> | undefined {
  if (entry.startsWith(groupPrefix)) {
    const group = entry.slice(groupPrefix.length)
    if (Object.hasOwn(groups, group)) return undefined
    return storeGroups ? faultOfGroup(group, 'the store') : { code: 'unknown', message: `${group} is not a group${didYouMean(group, Object.keys(groups))}` }
  }
  if (entry.startsWith(bearerGroupPrefix)) return faultOfGroup(entry.slice(bearerGroupPrefix.length), 'the identity provider')
  if (entry.includes('{caller}')) return { code: 'invalid', message: '{caller} stands for a name in rooms and identities; who needs the name itself, or *' }
  const mistake = patternMistake(entry.startsWith(bearerPrefix) ? entry.slice(bearerPrefix.length) : entry)
  return mistake === undefined ? undefined : { code: 'invalid', message: `${JSON.stringify(entry)} is not a caller's name: ${mistake}; a group is written as ${groupPrefix}NAME` }
}

/** Groups that the file does not define are named in full: a star would match nothing, and nobody would notice. */
function faultOfGroup (group: string, whose: string): Omit<Fault, 'path'> | undefined {
  if (/[*{}]/.test(group)) return { code: 'invalid', message: `${JSON.stringify(group)} cannot be a group of ${whose}: * and {caller} stand for nothing there; write its whole name` }
  return groupsIn([group]) === undefined
    ? { code: 'invalid', message: `${JSON.stringify(group)} cannot be a group of ${whose}: it has 1 to ${groupLimits.characters} characters, and no control characters` }
    : undefined
}

/** Says what is wrong with a member of a group. A pattern is allowed only for callers with a bearer token. */
function memberMistake (name: string): string | undefined {
  return name.startsWith(bearerPrefix) ? patternMistake(name.slice(bearerPrefix.length)) : nameMistake(name.normalize('NFC'))
}

/** Checks a pattern like a name: if a letter is allowed in the place of `*`, so is any run of letters. */
function patternMistake (pattern: string): string | undefined {
  return nameMistake(pattern.normalize('NFC').replaceAll('*', 'x'))
}

function * rulesOf (policy: unknown): Generator<[string, Record<string, unknown>]> {
  const { rules } = recordOf(policy)
  if (Array.isArray(rules)) for (const [i, rule] of rules.entries()) yield [String(i), recordOf(rule)]
}

function * textsOf (list: unknown): Generator<[string, string]> {
  if (Array.isArray(list)) for (const [i, text] of list.entries()) if (typeof text === 'string') yield [String(i), text]
}

function recordOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}
