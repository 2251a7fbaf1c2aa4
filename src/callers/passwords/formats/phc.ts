import { randomBytes } from 'node:crypto'

/**
 * The base64 of the PHC string format: no padding, and only the one spelling that encoding the bytes gives,
 * so the last character leaves the bits that are over at zero.
 * https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048])?$/

/** Of the text alone: decoding 100 000 of them at every reload takes too long. */
function bytesIn (text: string): number {
  return base64.test(text) ? Math.floor(text.length * 3 / 4) : 0
}

/** What tools write. Any other length may be what is left of a line that was cut off. */
const digestLengths = [16, 32, 64]

/** Whether the last two fields are whole. @param shortest bytes of a salt, at least */
export function isTail (salt: string, digest: string, shortest: number): boolean {
  const saltLength = bytesIn(salt)
  return saltLength >= shortest && saltLength <= 64 && digestLengths.includes(bytesIn(digest))
}

/** `$name$parameters$salt$digest` with as many random bytes for salt and digest. */
export function decoyTail (hash: string): string {
  const fields = hash.split('$')
  const tail = fields.splice(-2).map(field => randomBytes(Buffer.byteLength(field, 'base64')).toString('base64').replace(/=+$/, ''))
  return [...fields, ...tail].join('$')
}
