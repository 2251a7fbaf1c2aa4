import { bearerPrefix, foldText, groupLimits, groupsIn, nameMistake } from '../../caller.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import type { Fault } from './fault.js'
import { bearerGroupPrefix, groupPrefix } from '../rule-index.js'

/**
 * Checks the names in `groups` and `who`, which no schema can. Takes any value, and skips what does not have the right form: the schema
 * reports that at the same time.
 * @param storeGroups whether the store answers groups, so that `who` may name some that the file does not have
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

/** Finds names, and patterns of names, that a store of callers may take for one name: it would be unclear which rule is meant for a caller. An identity provider says each name as it is. */
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

/** Names, and patterns of names, that groups and rules are for. */
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

/** Groups of others are named in full. A star in one would match nothing, and nobody would notice. */
function faultOfGroup (group: string, whose: string): Omit<Fault, 'path'> | undefined {
  if (/[*{}]/.test(group)) return { code: 'invalid', message: `${JSON.stringify(group)} cannot be a group of ${whose}: * and {caller} stand for nothing there; write its whole name` }
  return groupsIn([group]) === undefined
    ? { code: 'invalid', message: `${JSON.stringify(group)} cannot be a group of ${whose}: it has 1 to ${groupLimits.characters} characters, and no control characters` }
    : undefined
}

/** The first rule that a member of a group breaks. Only callers with a bearer token may be named by a pattern there. */
function memberMistake (name: string): string | undefined {
  return name.startsWith(bearerPrefix) ? patternMistake(name.slice(bearerPrefix.length)) : nameMistake(name.normalize('NFC'))
}

/** A run of characters keeps every rule that a letter in its place keeps. */
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
