import { isRecord } from '../../lib/is-record.js'
import { decodeBase64url } from '../../lib/base64url.js'
import type { BearerRules } from '../../settings/jwt.js'
import { misdirected, wrong } from './refused.js'

/** Characters of a token at most. */
const TOKEN_MAX = 8192

/** What is read of a header, and nothing else: never a key or an address that the token itself brings. */
export interface Header {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: unknown
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The header of a token, before anything of it is proven.
 * @throws Refused
 */
export function headerOf (token: string, { algorithms }: BearerRules): Header {
  if (token.length > TOKEN_MAX) throw wrong('size')
  const parts = token.split('.')
  if (parts.length !== 3) throw wrong('parts')
  const [header, payload, signature] = parts.map(decodeBase64url)
  if (header === undefined || payload === undefined || signature === undefined) throw wrong('encoding')
  const { alg, kid, typ, crit, b64 } = objectIn(header)
  // RFC 7515 §4.1.11: no extension is understood here. RFC 7797 is the only one that changes what is signed.
  if (crit !== undefined || (b64 !== undefined && b64 !== true)) throw wrong('crit')
  if (typeof alg !== 'string' || !algorithms.includes(alg === 'EdDSA' ? 'Ed25519' : alg)) throw wrong('algorithm')
  if (kid !== undefined && typeof kid !== 'string') throw wrong('kid')
  return { alg, kid, typ }
}

/**
 * RFC 7515 §4.1.9: a media type, whose case does not count, and whose `application/` may be left out.
 * @throws Refused
 */
export function requireType ({ typ }: Pick<Header, 'typ'>, { type }: BearerRules): void {
  if (typ === undefined && type === 'JWT') return
  if (typeof typ !== 'string' || typ.toLowerCase().replace(/^application\//, '') !== type.toLowerCase()) throw misdirected('typ')
}

function objectIn (bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    if (isRecord(value)) return value
  } catch {
    // Refused below.
  }
  throw wrong('header')
}
