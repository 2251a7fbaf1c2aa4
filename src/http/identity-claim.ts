import type { preHandlerHookHandler } from 'fastify'
import type { IdentityHolders } from '../callers/identity-holders.js'
import { notAllowed } from '../problems.js'

export interface IdentityClaimOptions {
  /** Undefined where no caller has a bearer token. */
  identityHolders: IdentityHolders | undefined
}

/** Refuses a caller with a bearer token the identity of another caller, and notes who gets a token with which identity. */
export function claimIdentity ({ identityHolders }: IdentityClaimOptions): preHandlerHookHandler {
  return ({ caller, decision }, _reply, done) => {
    const isFree = identityHolders?.claim(caller!, decision!.plainIdentity) ?? true
    done(isFree ? undefined : notAllowed('identity', 'one that another caller of this broker has'))
  }
}
