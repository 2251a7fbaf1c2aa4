import { hash } from 'node:crypto'
import { isRecord } from '../../lib/is-record.js'
import { decodeBase64url } from '../../lib/base64url.js'

const MAX_CHARACTERS = 1024

/** The public key in a DPoP proof (RFC 9449); always P-256. */
export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** What the header of a proof says. */
export interface ProofHeader {
  readonly jwk: PublicJwk
  /** SHA-256 of the public key (RFC 7638). */
  readonly thumbprint: Buffer
}

/** A well-formed DPoP proof (RFC 9449 §4.2). Trust none of it before its signature is verified. */
export interface Proof extends ProofHeader {
  readonly htm: string
  readonly htu: string
  /** Whole seconds since 1970. */
  readonly iat: number
  readonly jti: string
  readonly ath: string | undefined
  readonly nonce: string | undefined
  /** The header as it was sent. */
  readonly encodedHeader: string
  /** The signed text. */
  readonly signed: string
  /** R and S, 32 bytes each. */
  readonly signature: Buffer
}

/**
 * Parses a proof without verifying its signature.
 * @param readHeader `readProofHeader`, or what does the same
 * @returns undefined for another algorithm, key or type, a private key, a repeated member, or encoding that is not canonical
 */
export function readProof (text: string, readHeader: (encoded: string) => ProofHeader | undefined): Proof | undefined {
  if (text.length > MAX_CHARACTERS) return
  const [encodedHeader, payload, encodedSignature, ...more] = text.split('.')
  if (encodedHeader === undefined || payload === undefined || encodedSignature === undefined || more.length > 0) return
  const signature = decodeBase64url(encodedSignature)
  const header = readHeader(encodedHeader)
  const claims = objectIn(payload)
  if (signature?.length !== 64 || header === undefined || claims === undefined) return
  const { htm, htu, iat, jti, ath, nonce } = claims
  if (!isText(htm) || !isText(htu) || !isText(jti) || jti === '' || !isOptionalText(ath) || !isOptionalText(nonce)) return
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat)) return
  return { htm, htu, iat, jti, ath, nonce, jwk: header.jwk, thumbprint: header.thumbprint, encodedHeader, signed: text.slice(0, text.lastIndexOf('.')), signature }
}

export function readProofHeader (encoded: string): ProofHeader | undefined {
  const jwk = keyIn(objectIn(encoded))
  return jwk && { jwk, thumbprint: thumbprintOf(jwk) }
}

function keyIn (header: Record<string, unknown> | undefined): PublicJwk | undefined {
  if (header?.typ !== 'dpop+jwt' || header.alg !== 'ES256' || header.crit !== undefined || !isRecord(header.jwk)) return
  const { kty, crv, x, y, d } = header.jwk
  if (kty !== 'EC' || crv !== 'P-256' || d !== undefined || !isCoordinate(x) || !isCoordinate(y)) return
  return { kty, crv, x, y }
}

function isCoordinate (value: unknown): value is string {
  return isText(value) && decodeBase64url(value)?.length === 32
}

/** RFC 7638 §3.2: only the required members, in this order. */
function thumbprintOf ({ crv, kty, x, y }: PublicJwk): Buffer {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'buffer')
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function objectIn (encoded: string): Record<string, unknown> | undefined {
  const bytes = decodeBase64url(encoded)
  if (bytes === undefined) return
  try {
    const text = UTF8.decode(bytes)
    const value: unknown = JSON.parse(text)
    return isRecord(value) && countMembers(value) === countMembersOf(text) ? value : undefined
  } catch {
    return undefined
  }
}

/** Counts the members that JSON.parse kept, on all levels. Of two with the same name it keeps only the last, so the counts then differ. */
function countMembers (value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inside = Object.values(value).reduce<number>((sum, member) => sum + countMembers(member), 0)
  return Array.isArray(value) ? inside : inside + Object.keys(value).length
}

/** Counts the members in JSON text: its strings that a colon follows. */
function countMembersOf (json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length
}

function isText (value: unknown): value is string {
  return typeof value === 'string'
}

function isOptionalText (value: unknown): value is string | undefined {
  return value === undefined || isText(value)
}
