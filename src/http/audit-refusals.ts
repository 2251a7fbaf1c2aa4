import type { FastifyRequest } from 'fastify'
import { canonicalName, loginName } from '../caller.js'
import type { Mint } from '../tokens/mint.js'
import { printable } from '../lib/printable.js'
import type { RefusalCode } from '../problems.js'
import type { TokenRefused } from '../audit/audit-log.js'

/** Characters; a real one fits, and a line should not grow by what strangers send. */
const longestOrigin = 256

/** Only counted: they are noise of scanners and preflights, and name nobody. Most headers that are too large never become a request. */
const uncounted = new Set<RefusalCode>(['credentials-missing', 'method-not-allowed', 'headers-too-large'])

/** The line for a refusal; none for a request that brought no credentials. */
export function refusalOf (request: FastifyRequest, code: RefusalCode, mint: Mint): TokenRefused | undefined {
  const claimed = claimedName(request)
  if (uncounted.has(code) || claimed === undefined) return undefined
  return {
    event: 'token.refused',
    requestId: request.id,
    ip: request.address,
    origin: request.headers.origin && printable(request.headers.origin, longestOrigin),
    // In clear only once the password was right: people type passwords where their name belongs.
    caller: request.caller?.name ?? `hmac:${mint.hashName(nameKey(claimed))}`,
    products: request.wanted ?? undefined,
    code
  }
}

/** What is refused before the address's limit, or by it, and so without end. No password was looked at, so no guess is missing where there is no line. */
const unlimited = new Set<RefusalCode>(['origin-refused', 'rate-limited', 'request-invalid'])

/** Whether strangers can have as many such refusals as they like. */
export function isUnlimited ({ caller }: FastifyRequest, code: RefusalCode): boolean {
  return caller === null && unlimited.has(code)
}

/** One key for all spellings of a name. What is no name is its own key: it may be long, and folding it is work that a stranger could ask for. */
function nameKey (claimed: string): string {
  const name = loginName(claimed.trim())
  return name === undefined ? claimed : canonicalName(name)
}

/** The name that the credentials came with, whether they are well-formed or not; undefined without credentials. */
function claimedName ({ claimedName, headers: { authorization } }: FastifyRequest): string | undefined {
  if (claimedName !== null) return claimedName
  if (authorization === undefined) return undefined
  return Buffer.from(authorization.replace(/^basic +/i, ''), 'base64').toString().split(':', 1)[0]!
}
