import type { FastifyRequest } from 'fastify'
import type { Recorder, TokenRefused } from '../audit/audit-log.js'
import { canonicalName, loginName } from '../caller.js'
import { printable } from '../lib/printable.js'
import type { Lines } from '../limits/lines.js'
import type { RefusalCode } from '../problems.js'
import { MAX_ORIGIN_CHARACTERS } from './refused-origins.js'
import type { Mint } from '../tokens/mint.js'

/**
 * Refusals that are counted and not recorded. Scanners and preflights cause the first two, and name no caller. Most requests with too large
 * headers are refused before they are a request.
 */
const unrecorded = new Set<RefusalCode>(['credentials-missing', 'method-not-allowed', 'headers-too-large'])

/**
 * Refusals by the address limit or before it, which anybody can cause without limit. Their lines may be skipped: no password was checked,
 * so no wrong password goes unrecorded.
 */
const unlimited = new Set<RefusalCode>(['origin-refused', 'rate-limited', 'request-invalid'])

export interface AuditRefusalOptions {
  audit: Recorder
  mint: Mint
  lines: Lines
}

/**
 * Writes the audit line for a refusal, unless the request has no credentials.
 * @throws Problem `audit-unavailable`
 */
export async function auditRefusal (
  request: FastifyRequest,
  code: RefusalCode,
  { audit, mint, lines }: AuditRefusalOptions
): Promise<void> {
  if (unrecorded.has(code) || !bringsCredentials(request)) return
  const isUnlimited = request.caller === null && unlimited.has(code)
  if (isUnlimited && !lines.audit.take(request.address)) return
  await audit.record(lineOf(request, code, mint))
  request.isAudited = true
}

function lineOf (request: FastifyRequest, code: RefusalCode, mint: Mint): TokenRefused {
  return {
    event: 'token.refused',
    requestId: request.id,
    ip: request.address,
    origin: request.headers.origin && printable(request.headers.origin, MAX_ORIGIN_CHARACTERS),
    caller: callerOf(request, mint),
    products: request.requestedProducts ?? undefined,
    via: request.scheme?.via,
    sessionId: request.session?.id,
    traceId: request.trace?.traceId,
    reason: request.refusedBearer?.reason,
    code
  }
}

/**
 * Returns the name only if password, session or bearer token was valid, else a keyed hash: people sometimes type the password as their
 * name.
 */
function callerOf (request: FastifyRequest, mint: Mint): string | undefined {
  const known = request.caller?.name ?? request.session?.caller.name ?? request.refusedBearer?.caller
  if (known !== undefined) return known
  const username = claimedUsername(request)
  return username === undefined ? undefined : `hmac:${mint.hashName(nameKey(username))}`
}

function bringsCredentials ({ claimedUsername, scheme, headers: { authorization } }: FastifyRequest): boolean {
  return claimedUsername !== null || scheme !== null || authorization !== undefined
}

/**
 * Returns one key for all spellings of a name. A text that is not a name is its own key: it may be long, and folding such texts would let
 * any client cause work.
 */
function nameKey (username: string): string {
  const name = loginName(username.trim())
  return name === undefined ? username : canonicalName(name)
}

/** Returns the name in the credentials, well-formed or not; undefined if they have none. */
function claimedUsername ({ claimedUsername, headers: { authorization = '' } }: FastifyRequest): string | undefined {
  if (claimedUsername !== null) return claimedUsername
  if (!/^basic( |$)/i.test(authorization)) return undefined
  return Buffer.from(authorization.replace(/^basic +/i, ''), 'base64').toString().split(':', 1)[0]!
}
