import type { IdentityHolders } from '../callers/identity-holders.js'
import { notAllowed } from '../problems.js'
import type { RequestStep } from './request-step.js'

export interface IdentityClaimOptions {
  /** Undefined without bearer tokens. */
  identityHolders: IdentityHolders | undefined
}

/** Refuses a caller with a bearer token if another caller has the identity, and remembers which caller gets which identity. */
export function claimIdentity ({ identityHolders }: IdentityClaimOptions): RequestStep {
  return ({ caller, decision }) => {
    const isFree = identityHolders?.claim(caller!, decision!.plainIdentity) ?? true
    if (!isFree) throw notAllowed('identity', 'one that another caller of this broker has')
  }
}
