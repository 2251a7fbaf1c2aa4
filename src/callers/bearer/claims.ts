import { bearerPrefix, groupsIn, isIdentity, nameMistake, type Caller } from '../../caller.js'
import type { BearerRules } from '../../settings/jwt.js'
import { misdirected, Refused } from './refused.js'

/** The payload of a token. Read a claim that a setting names with `own`: every object inherits properties such as `constructor`. */
export type Claims = Readonly<Record<string, unknown>>

/** How far the clocks of the identity provider and the broker may differ. */
export const CLOCK_TOLERANCE_SECONDS = 60

/** What must be true, with the claim to name if it is not. jose checks `iss`, `aud`, `nbf`, and that `exp` is not past. */
const checks: ReadonlyArray<[claim: string, holds: (claims: Claims, rules: BearerRules, now: number) => boolean]> = [
  ['exp', ({ exp }) => Number.isFinite(exp)],
  ['iat', ({ iat }) => Number.isFinite(iat)],
  ['iat', ({ iat }, _rules, now) => iat as number <= now + CLOCK_TOLERANCE_SECONDS],
  ['exp', ({ exp, iat }, { maxAge }) => (exp as number) - (iat as number) <= maxAge],
  // RFC 7800: such a token is valid only with a proof of its key, which the broker does not check.
  ['cnf', claims => !Object.hasOwn(claims, 'cnf')],
  ['email_verified', (claims, { nameClaim, identity }) => claims.email_verified === true || ![nameClaim, identity.claim].includes('email')]
]

/**
 * Checks the claims that jose does not check, and returns the caller.
 * @param now seconds since 1970
 * @throws Refused
 */
export function callerIn (claims: Claims, rules: BearerRules, now: number): Caller {
  const failed = checks.find(([, holds]) => !holds(claims, rules, now))
  if (failed !== undefined) throw misdirected(failed[0])
  for (const [claim, value] of rules.required) if (own(claims, claim) !== value) throw misdirected(claim)
  const groups = rules.groups === undefined ? undefined : groupsOf(claims, rules.groups)
  const text = textOf(claims, rules.nameClaim)
  const identity = rules.identity.prefix + textOf(claims, rules.identity.claim).normalize('NFC')
  const mistake = nameMistake(text)
  if (mistake !== undefined) throw new Refused('not-allowed', rules.nameClaim, `The ${rules.nameClaim} of this bearer token is not a caller's name: ${mistake}.`)
  if (identity === rules.identity.prefix || !isIdentity(identity)) {
    throw new Refused('identity-unsuitable', rules.identity.claim, `The ${rules.identity.claim} of this bearer token is not an identity: it is empty or has control characters.`)
  }
  return { name: bearerPrefix + text, identity, ...(groups !== undefined && { groups }) }
}

/**
 * Returns the caller of a refused token for the audit; undefined if its name claim is not a name. Call it only if the signature was right.
 */
export function nameIn (claims: Claims, { nameClaim }: BearerRules): string | undefined {
  const text = own(claims, nameClaim)
  return typeof text === 'string' && nameMistake(text) === undefined ? bearerPrefix + text : undefined
}

function textOf (claims: Claims, claim: string): string {
  const text = own(claims, claim)
  if (typeof text !== 'string') throw misdirected(claim)
  return text
}

/** Refuses a token without its groups: some providers leave out long lists, and write `_claim_names` or `hasgroups` instead. */
function groupsOf (claims: Claims, path: readonly string[]): readonly string[] {
  for (const claim of ['_claim_names', 'hasgroups']) if (own(claims, claim) !== undefined && claims[claim] !== false) throw misdirected(claim)
  let found: unknown = claims
  for (const name of path) found = own(found, name)
  if (found === undefined) return []
  const groups = groupsIn(found)
  if (groups === undefined) throw misdirected(path[0]!)
  return groups
}

/** Returns undefined for properties that every object inherits, such as `__proto__`. */
function own (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Claims)[name] : undefined
}
