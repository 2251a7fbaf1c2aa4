import { listOf } from './patterns.js'
import type { Policy, Rule } from './policy.js'
import type { PolicyFile } from './schema.js'
import { Who } from './who.js'

export interface CompiledPolicy extends Policy {
  /** Rules, from 0, that can never decide. */
  readonly idle: readonly number[]
}

/** @param where the place of a rule, counted from 0, in words for its operator */
export function compile (file: PolicyFile, where: (rule: number) => string): CompiledPolicy {
  const who = new Who(file)
  const rules = file.rules.map((rule, i) => compiledRule(rule, where(i)))
  return {
    mode: file.mode ?? 'enforce',
    ruleFor: ({ name }) => rules[who.find(name)] ?? null,
    idle: who.idle
  }
}

function compiledRule ({ allow, identities = [], maxTtl }: PolicyFile['rules'][number], where: string): Rule {
  // A Map, since a product may be called like something that every object has.
  const entries = new Map(Object.entries(frozen(allow)))
  const names = listOf(identities)
  return {
    allow: product => entries.get(product),
    mayName: (identity, { name }) => names.matches(identity, name),
    ...(maxTtl !== undefined && { maxTtl }),
    where
  }
}

/** Entries are handed to the products, which are others' code, and stand for as long as the policy does. */
function frozen<T extends object> (entry: T): T {
  if (Object.isFrozen(entry)) return entry
  Object.freeze(entry)
  for (const value of Object.values(entry)) {
    if (typeof value === 'object' && value !== null) frozen(value)
  }
  return entry
}
