import { randomBytes } from 'node:crypto'

/**
 * Matches the base64 of the PHC string format in its one canonical spelling: without padding, and with zero in the unused bits of the last
 * character.
 * https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048])?$/

/** Computes the length from the text: decoding 100 000 of them at every reload takes too long. */
function bytesIn (text: string): number {
  return BASE64.test(text) ? Math.floor(text.length * 3 / 4) : 0
}

/** Bytes that tools write. Another length may mean that the line was cut off. */
const DIGEST_LENGTHS = [16, 32, 64]

/** Whether the last two fields of a hash are a complete salt, of at least `minSalt` bytes, and digest. */
export function isSaltAndDigest (salt: string, digest: string, minSalt: number): boolean {
  const saltLength = bytesIn(salt)
  return saltLength >= minSalt && saltLength <= 64 && DIGEST_LENGTHS.includes(bytesIn(digest))
}

/** Replaces salt and digest of `$name$parameters$salt$digest` by as many random bytes. */
export function decoyHash (hash: string): string {
  const fields = hash.split('$')
  const tail = fields.splice(-2).map(field => randomBytes(Buffer.byteLength(field, 'base64')).toString('base64').replace(/=+$/, ''))
  return [...fields, ...tail].join('$')
}
