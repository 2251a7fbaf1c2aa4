import { argon2id } from './formats/argon2id.js'
import { bcrypt } from './formats/bcrypt.js'
import type { HashFormat, Refusal, StoredHash } from './formats/format.js'
import { pbkdf2 } from './formats/pbkdf2.js'
import { refusedFormats } from './formats/refused.js'
import { scrypt } from './formats/scrypt.js'

export { hashPassword } from './formats/argon2id.js'
export type { HashFormat, Refusal, StoredHash } from './formats/format.js'

/** Hash formats that a users file may hold. */
export const fileFormats: readonly HashFormat[] = [bcrypt, argon2id, scrypt]

/** Hash formats that an application's database may hold. */
export const databaseFormats: readonly HashFormat[] = [...fileFormats, pbkdf2]

/** Finds the format of a stored hash by its prefix; undefined when it is none of `formats`. */
export function formatOf (hash: string, formats: readonly HashFormat[]): HashFormat | undefined {
  return formats.find(({ prefix }) => prefix.test(hash))
}

/**
 * Reads a stored hash, or says why it is refused. Parameters are bounded, so that a planted hash cannot occupy a core for an hour or all
 * memory.
 * @param formats those that the store may hold
 */
export function readHash (hash: string, formats: readonly HashFormat[]): StoredHash | Refusal {
  return formatOf(hash, formats)?.read(hash) ?? { mistake: refusal(hash, formats) }
}

/**
 * Reads a stored hash that must be valid.
 * @throws Error when it is refused; the message does not repeat the hash
 */
export function storedHash (hash: string, formats: readonly HashFormat[]): StoredHash {
  const read = readHash(hash, formats)
  if ('mistake' in read) throw new Error(read.mistake)
  return read
}

function refusal (hash: string, formats: readonly HashFormat[]): string {
  const accepted = formats.map(({ name }) => name).join(', ')
  const known = refusedFormats.find(({ prefix }) => prefix.test(hash))
  return known ? `${known.name} is not accepted; use one of ${accepted}` : `unknown hash format; use one of ${accepted}`
}
