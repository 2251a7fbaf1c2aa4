import type { Caller } from '../caller.js'

/** Who may have which grants. */
export interface Policy {
  /** `audit` allows what only the policy would refuse, and records that in the audit. */
  readonly mode: 'enforce' | 'audit'
  /**
   * Returns the first rule whose `who` matches one of the caller's groups, or the caller's name; its canonical form if the name stands as
   * it was typed. Null refuses everything.
   */
  ruleFor (caller: Caller): Rule | null
}

export interface Rule {
  /** Returns the rule's entry for a product, by the product's `allow` schema; undefined if the rule does not allow the product. */
  allow (product: string): object | undefined
  /** Whether the caller may name this identity, which is in NFC, besides its own. */
  mayName (identity: string, caller: Caller): boolean
  /** The patterns that `mayName` compares with, as the policy has them. */
  readonly identities?: readonly string[]
  /** Seconds; replaces TOKEN_TTL_MAX. */
  readonly maxTtl?: number
  /** Seconds: the longest lifetime of a token for this product. Undefined: `maxTtl` of the rule applies. */
  maxTtlOf? (product: string): number | undefined
  /** Its position among the policy's rules, counted from 0. */
  readonly index?: number
}

/** The policy without a file: every caller may have every enabled product, under its own identity. */
export const allowAll: Policy = {
  mode: 'enforce',
  ruleFor: () => ({ allow: () => ({}), mayName: () => false })
}
