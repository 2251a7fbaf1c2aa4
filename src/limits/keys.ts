import { hash } from 'node:crypto'

const LONGEST = 40

/**
 * The form in which a key is kept: at most 43 characters, however long a name an attacker sends.
 * A digest has 43 characters and a key that is kept as it is at most 40, so neither can be taken for the other.
 */
export function fixedKey (key: string): string {
  return key.length > LONGEST ? hash('sha256', key, 'base64url') : key
}

/**
 * The same text in memory of its own. V8 lets a slice hold on to the string it was cut from,
 * which here can be a header of 16 KiB, or decoded credentials with the password in them.
 */
export function ownCopy (text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}
