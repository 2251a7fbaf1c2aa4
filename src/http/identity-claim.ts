import type { IdentityHolders } from '../callers/identity-holders.js'
import { notAllowed } from '../problems.js'
import type { RequestStep } from './request-step.js'

export interface IdentityClaimOptions {
  identityHolders: IdentityHolders
}

/**
 * Refuses a caller with a bearer token if another caller has the identity, and remembers which caller gets which identity. It remembers
 * this also without bearer tokens, because a reload may turn them on.
 */
export function claimIdentity ({ identityHolders }: IdentityClaimOptions): RequestStep {
  return ({ caller, decision }) => {
    if (!identityHolders.claim(caller!, decision!.plainIdentity)) throw notAllowed('identity', 'one that another caller of this broker has')
  }
}
