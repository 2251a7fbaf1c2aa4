import { isRecord } from '../../lib/is-record.js'
import { decodeBase64url } from '../../lib/base64url.js'
import { parseJson } from '../../lib/parse-json.js'
import type { BearerRules } from '../../settings/jwt.js'
import { misdirected, wrong } from './refused.js'

const MAX_TOKEN_CHARACTERS = 8192

/** All that is read from a header. Keys and addresses in it (`jwk`, `jku`, `x5c`, `x5u`) are ignored: a forger can write them. */
export interface Header {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: unknown
}

/**
 * Reads the header of a token whose signature is not verified yet: trust nothing of it, use it only to choose the key.
 * @throws Refused if it is no JWS of three parts, or its header has an algorithm or an extension that is not accepted
 */
export function headerOf (token: string, { algorithms }: BearerRules): Header {
  if (token.length > MAX_TOKEN_CHARACTERS) throw wrong('size')
  const parts = token.split('.')
  if (parts.length !== 3) throw wrong('parts')
  const [header, payload, signature] = parts.map(decodeBase64url)
  if (header === undefined || payload === undefined || signature === undefined) throw wrong('encoding')
  const { alg, kid, typ, crit, b64 } = objectIn(header)
  // RFC 7515 §4.1.11: a token that needs an extension must be refused, as none is supported. RFC 7797 (`b64`) changes what is signed.
  if (crit !== undefined || (b64 !== undefined && b64 !== true)) throw wrong('crit')
  if (typeof alg !== 'string' || !algorithms.includes(alg === 'EdDSA' ? 'Ed25519' : alg)) throw wrong('algorithm')
  if (kid !== undefined && typeof kid !== 'string') throw wrong('kid')
  return { alg, kid, typ }
}

/**
 * Checks `typ` by RFC 7515 §4.1.9: a media type, in any case, with or without `application/`.
 * @throws Refused if it is not JWT_TYPE
 */
export function requireType ({ typ }: Pick<Header, 'typ'>, { type }: BearerRules): void {
  if (typ === undefined && type === 'JWT') return
  if (typeof typ !== 'string' || typ.toLowerCase().replace(/^application\//, '') !== type.toLowerCase()) throw misdirected('typ')
}

function objectIn (bytes: Buffer): Record<string, unknown> {
  const value = parseJson(bytes)
  if (!isRecord(value)) throw wrong('header')
  return value
}
