import type { Caller } from '../caller.js'

/** Who may have which grants. */
export interface Policy {
  /** `audit` lets through what only the policy would refuse, and the audit says so. */
  readonly mode: 'enforce' | 'audit'
  /** The first rule whose `who` matches the caller's name, or its canonical form where it stands as it was typed, or one of its groups; null refuses everything. */
  ruleFor (caller: Caller): Rule | null
}

export interface Rule {
  /** The rule's entry for a product, in the form that the product's `allow` schema gives; undefined where the rule does not allow the product. */
  allow (product: string): object | undefined
  /** Whether the caller may name this identity, which is in NFC, besides its own. */
  mayName (identity: string, caller: Caller): boolean
  /** The patterns that `mayName` compares with, as the policy has them. */
  readonly identities?: readonly string[]
  /** Seconds; stands in the place of TOKEN_TTL_MAX. */
  readonly maxTtl?: number
  /** Seconds: the longest life of a token that holds this product. Undefined: `maxTtl` of the rule counts. */
  maxTtlOf? (product: string): number | undefined
  /** Its place among the policy's rules, from 0. */
  readonly index?: number
}

/** Without a policy file every caller may have every enabled product, in its own name. */
export const allowAll: Policy = {
  mode: 'enforce',
  ruleFor: () => ({ allow: () => ({}), mayName: () => false })
}
