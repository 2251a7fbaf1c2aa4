import { foldText } from '../caller.js'
import { listOf } from './patterns.js'
import type { Policy, Rule } from './policy.js'
import type { PolicyFile } from './file/schema.js'
import { Who } from './rule-index.js'

export interface CompiledPolicy extends Policy {
  /** Rules, from 0, that can never decide. */
  readonly idle: readonly number[]
}

export interface CompileOptions {
  /** Whether some names are as the user typed them (`asTyped`): their rules ignore case, accents and width (`foldText`). */
  foldNames?: boolean
  /** Whether there are callers whose store answers groups. */
  storeGroups?: boolean
}

export function compile (file: PolicyFile, { foldNames = false, storeGroups = false }: CompileOptions = {}): CompiledPolicy {
  const who = new Who(file, { storeGroups })
  const folded = foldNames ? new Who(file, { storeGroups, form: foldText }) : who
  const rules = file.rules.map(compiledRule)
  return {
    mode: file.mode ?? 'enforce',
    ruleFor: ({ name, asTyped, groups }) => rules[asTyped ? folded.find(foldText(name), groups) : who.find(name, groups)] ?? null,
    idle: who.idle
  }
}

function compiledRule ({ allow, identities = [], maxTtl }: PolicyFile['rules'][number], index: number): Rule {
  // Maps, because a product's name may be a property that every object has.
  const entries = new Map<string, object>()
  const maxTtls = new Map<string, number | undefined>()
  for (const [product, { maxTtl, ...entry }] of Object.entries(allow as Record<string, { maxTtl?: number }>)) {
    entries.set(product, frozen(entry))
    maxTtls.set(product, maxTtl)
  }
  const names = listOf(identities)
  return {
    allow: product => entries.get(product),
    mayName: (identity, { name }) => names.matches(identity, name),
    identities,
    ...(maxTtl !== undefined && { maxTtl }),
    maxTtlOf: product => maxTtls.get(product),
    index
  }
}

/** Freezes an entry: it is passed to product plugins, which may be third-party code, and used for every request. */
function frozen<T extends object> (entry: T): T {
  if (Object.isFrozen(entry)) return entry
  Object.freeze(entry)
  for (const value of Object.values(entry)) {
    if (typeof value === 'object' && value !== null) frozen(value)
  }
  return entry
}
