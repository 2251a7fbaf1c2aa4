import { foldText, nameMistake } from '../../caller.js'
import type { Fault } from './messages.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import { groupPrefix } from '../rule-index.js'

/**
 * What no schema can say of `groups` and `who`. Takes any value, and passes over what does not have the form: that is
 * the schema's to say, in the same go.
 */
export function * namesAtFault (policy: unknown): Generator<Fault> {
  const groups = recordOf(recordOf(policy).groups)
  for (const [group, members] of Object.entries(groups)) {
    for (const [i, name] of textsOf(members)) {
      const says = nameMistake(name.normalize('NFC'))
      if (says !== undefined) yield { path: ['groups', group, i], says: `${JSON.stringify(name)} is not a caller's name: ${says}` }
    }
  }
  for (const [rule, { who }] of rulesOf(policy)) {
    for (const [i, entry] of textsOf(who)) {
      const says = whoMistake(entry, groups)
      if (says !== undefined) yield { path: ['rules', rule, 'who', i], says }
    }
  }
}

/** Names, and patterns of names, that a store of callers may take for one: which rule is meant for a caller would be unclear. */
export function * namesThatFold (policy: unknown): Generator<Fault> {
  const first = new Map<string, string>()
  for (const { path, name } of namesIn(policy)) {
    const key = foldText(name)
    if (/^\**$/.test(key) && !/^\**$/.test(name)) yield { path, says: `${JSON.stringify(name)} is empty without marks and invisible characters, which the store of callers may ignore` }
    const known = first.get(key) ?? name
    first.set(key, known)
    if (known.normalize('NFC') !== name.normalize('NFC')) {
      yield { path, says: `${JSON.stringify(name)} is the same name as ${JSON.stringify(known)}: the store of callers may ignore case, accents, width and invisible characters; keep one spelling` }
    }
  }
}

function * namesIn (policy: unknown): Generator<{ path: string[], name: string }> {
  for (const [group, members] of Object.entries(recordOf(recordOf(policy).groups))) {
    for (const [i, name] of textsOf(members)) yield { path: ['groups', group, i], name }
  }
  for (const [rule, { who }] of rulesOf(policy)) {
    for (const [i, name] of textsOf(who)) if (!name.startsWith(groupPrefix)) yield { path: ['rules', rule, 'who', i], name }
  }
}

/** Entries for products that are off. They are no mistake: the next settings may turn them on. */
export function * withoutEffect (policy: unknown, off: ReadonlySet<string>): Generator<Fault> {
  for (const [rule, { allow }] of rulesOf(policy)) {
    for (const product of Object.keys(recordOf(allow))) {
      if (off.has(product)) yield { path: ['rules', rule, 'allow', product], of: 'key', says: `${product} is not enabled, so this has no effect` }
    }
  }
}

function whoMistake (entry: string, groups: Record<string, unknown>): string | undefined {
  if (entry.startsWith(groupPrefix)) {
    const group = entry.slice(groupPrefix.length)
    return Object.hasOwn(groups, group) ? undefined : `${group} is not a group${didYouMean(group, Object.keys(groups))}`
  }
  if (entry.includes('{caller}')) return '{caller} stands for a name in rooms and identities; who needs the name itself, or *'
  // A run of characters keeps every rule that a letter in its place keeps.
  const says = nameMistake(entry.normalize('NFC').replaceAll('*', 'x'))
  return says && `${JSON.stringify(entry)} is not a caller's name: ${says}; a group is written as ${groupPrefix}NAME`
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
