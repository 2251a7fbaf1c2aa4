import type { IdentityHolders } from '../callers/identity-holders.js'
import { notAllowed } from '../problems.js'
import type { RequestStep } from './request-step.js'

export interface IdentityClaimOptions {
  /** Undefined where no caller has a bearer token. */
  identityHolders: IdentityHolders | undefined
}

/** Refuses a caller with a bearer token the identity of another caller, and notes who gets a token with which identity. */
export function claimIdentity ({ identityHolders }: IdentityClaimOptions): RequestStep {
  return ({ caller, decision }) => {
    const isFree = identityHolders?.claim(caller!, decision!.plainIdentity) ?? true
    if (!isFree) throw notAllowed('identity', 'one that another caller of this broker has')
  }
}
