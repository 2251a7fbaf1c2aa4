import { hash } from 'node:crypto'

const MAX_LENGTH = 40

/**
 * Bounds the memory of a key, however long a name an attacker sends: replaces long keys by a digest.
 * A digest has 43 characters and other keys have at most 40, so the two never collide.
 */
export function fixedKey (key: string): string {
  return key.length > MAX_LENGTH ? hash('sha256', key, 'base64url') : key
}

/**
 * Copies a text before it is stored. In V8 a slice keeps the whole string in memory that it was cut from: here a header of up to 16 KiB,
 * or decoded credentials with the password.
 */
export function ownCopy (text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}
