import type { Recorder, Via } from '../audit/audit-log.js'
import { tokenTtl, type Decision, type ProductGrant } from '../policy/decide.js'
import type { TokenAnswer } from '../products/schemas.js'
import type { Mint } from './mint.js'

export interface IssueOptions {
  mint: Mint
  audit: Recorder
}

/** The client and the caller of a request, for the audit. */
export interface Requester {
  requestId: string
  /** An IP address. */
  ip: string
  /** The `Origin` header. */
  origin: string | undefined
  /** The caller's name. */
  caller: string
  /** How the caller authenticated. */
  via: Via
  /** The session's id, if the caller used one. */
  sessionId: string | undefined
  /** Of the trace that the request belongs to, where it says so. */
  traceId: string | undefined
}

/**
 * Signs a token and writes its audit line. Returns the token only once the line is written: an unrecorded token could never be accounted
 * for.
 * @returns the answer; `expiresIn` in seconds, `expiresAt` in ISO 8601
 * @throws Problem `audit-unavailable`; the token is then discarded
 */
export async function issue (
  { mint, audit }: IssueOptions,
  requester: Requester,
  decision: Decision,
  granted: ProductGrant[]
): Promise<TokenAnswer> {
  const { identity } = decision
  const ttl = tokenTtl(decision, granted)
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
