import type { Recorder, Via } from '../audit/audit-log.js'
import type { Decision, ProductGrant } from '../policy/decide.js'
import type { TokenAnswer } from '../products/schemas.js'
import type { Mint } from './mint.js'

export interface IssueOptions {
  mint: Mint
  audit: Recorder
}

/** Who asks, as the audit names it. */
export interface Requester {
  requestId: string
  /** An IP address. */
  ip: string
  /** The page that asks, where a browser said. */
  origin: string | undefined
  /** The caller's name. */
  caller: string
  /** How the caller said who it is. */
  via: Via
  /** Of the session, where it was one. */
  sessionId: string | undefined
  /** Of the trace that the request belongs to, where it says so. */
  traceId: string | undefined
}

/**
 * Signs a token, writes the audit's line, and only then answers: a token without a line could never be accounted for.
 * @throws Problem `audit-unavailable`
 */
export async function issue ({ mint, audit }: IssueOptions, requester: Requester, decision: Decision, granted: ProductGrant[]): Promise<TokenAnswer> {
  const { identity, ttl } = decision
  const { token, grants, expiresAt, sha256 } = mint.sign({ identity, ttl, grants: granted.map(({ grant }) => grant) })
  await audit.record({
    event: 'token.issued',
    ...requester,
    identity,
    products: granted.map(({ product }) => product.name),
    grants,
    ttl,
    expiresAt,
    keySid: mint.keySid,
    tokenSha256: sha256,
    wouldRefuse: decision.wouldRefuse()
  })
  return { token, identity, expiresIn: ttl, expiresAt }
}
