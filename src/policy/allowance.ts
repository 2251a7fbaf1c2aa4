import type { Caller } from '../caller.js'
import { isRecord } from '../lib/is-record.js'
import type { DecisionOptions } from './decide.js'

/** What the policy lets a caller request. */
export interface Allowance {
  /** Seconds: the lifetime of a token if no `ttl` is requested, and the longest that may be requested. */
  ttl: number
  maxTtl: number
  /** The identities that the caller may name besides its own; `*` in one stands for any run of characters. */
  identities: readonly string[]
  /** The policy's entry for a product, with the caller's name filled in; undefined where the caller may have none of it. */
  productEntry (product: string): object | undefined
}

/** Describes to a caller what `decide` would let it have. */
export function allowanceOf ({ policy, ttl }: Pick<DecisionOptions, 'policy' | 'ttl'>, caller: Caller): Allowance {
  const rule = policy.ruleFor(caller)
  const max = rule?.maxTtl ?? ttl.max
  const lifetime = Math.min(ttl.default, max)
  // In `mode: audit`, a policy refuses nothing.
  if (policy.mode === 'audit') return { ttl: lifetime, maxTtl: Math.max(max, ttl.max), identities: ['*'], productEntry: () => ({}) }
  return {
    ttl: lifetime,
    maxTtl: max,
    identities: (rule?.identities ?? []).map(pattern => withName(pattern, caller.name)),
    productEntry (product) {
      const entry = rule?.allow(product)
      const maxTtl = rule?.maxTtlOf?.(product)
      return entry && { ...mapTexts(entry, text => withName(text, caller.name)), ...(maxTtl !== undefined && { maxTtl }) }
    }
  }
}

function withName (pattern: string, name: string): string {
  return pattern.replaceAll('{caller}', () => name)
}

function mapTexts<T> (value: T, change: (text: string) => string): T
function mapTexts (value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map(item => mapTexts(item, change))
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, change)])) : value
}
