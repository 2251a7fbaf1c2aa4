import { bearerPrefix, groupsIn, isIdentity, nameMistake, type Caller } from '../../caller.js'
import type { BearerRules } from '../../settings/jwt.js'
import { misdirected, Refused } from './refused.js'

/** What the payload of a token says. Each claim is a property of its own: none is inherited. */
export type Claims = Readonly<Record<string, unknown>>

/** Seconds by which the clocks of the identity provider and the broker may differ. */
export const CLOCKS_DIFFER = 60

/** What stands in the way, by the claim at fault: each holds where the token is taken. Issuer, audience, `nbf` and the end of `exp` are checked by jose. */
const checks: ReadonlyArray<[claim: string, holds: (claims: Claims, rules: BearerRules, now: number) => boolean]> = [
  ['exp', ({ exp }) => Number.isFinite(exp)],
  ['iat', ({ iat }) => Number.isFinite(iat)],
  ['iat', ({ iat }, _rules, now) => iat as number <= now + CLOCKS_DIFFER],
  ['exp', ({ exp, iat }, { maxAge }) => (exp as number) - (iat as number) <= maxAge],
  // RFC 7800: such a token is worth nothing without a proof of its key, and none goes with it here.
  ['cnf', claims => !Object.hasOwn(claims, 'cnf')],
  ['email_verified', (claims, { nameClaim, identity }) => claims.email_verified === true || ![nameClaim, identity.claim].includes('email')]
]

/**
 * Who came with a token whose signature, issuer, audience and end are right.
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
  if (mistake !== undefined) throw new Refused('not-allowed', rules.nameClaim, `The ${rules.nameClaim} of this bearer token is no caller's name: ${mistake}.`)
  if (identity === rules.identity.prefix || !isIdentity(identity)) {
    throw new Refused('identity-unsuitable', rules.identity.claim, `The ${rules.identity.claim} of this bearer token is no identity: it is empty or holds control characters.`)
  }
  return { name: bearerPrefix + text, identity, ...(groups !== undefined && { groups }) }
}

/** Whose token it is, as far as its name claim can be one. For the audit of a refused token that is signed right. */
export function nameIn (claims: Claims, { nameClaim }: BearerRules): string | undefined {
  const text = own(claims, nameClaim)
  return typeof text === 'string' && nameMistake(text) === undefined ? bearerPrefix + text : undefined
}

function textOf (claims: Claims, claim: string): string {
  const text = own(claims, claim)
  if (typeof text !== 'string') throw misdirected(claim)
  return text
}

/** A provider that leaves groups out says where they are, or that there are some. To take that for none would be to guess. */
function groupsOf (claims: Claims, path: readonly string[]): readonly string[] {
  for (const claim of ['_claim_names', 'hasgroups']) if (own(claims, claim) !== undefined && claims[claim] !== false) throw misdirected(claim)
  let found: unknown = claims
  for (const name of path) found = own(found, name)
  if (found === undefined) return []
  const groups = groupsIn(found)
  if (groups === undefined) throw misdirected(path[0]!)
  return groups
}

/** Undefined also for what every object inherits, such as `__proto__`. */
function own (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Claims)[name] : undefined
}
