import { argon2id } from './formats/argon2id.js'
import { bcrypt } from './formats/bcrypt.js'
import type { HashForm, Refusal, StoredHash } from './formats/form.js'
import { pbkdf2 } from './formats/pbkdf2.js'
import { refusedForms } from './formats/refused.js'
import { scrypt } from './formats/scrypt.js'

export { hashPassword } from './formats/argon2id.js'
export type { HashForm, Refusal, StoredHash } from './formats/form.js'

/** What a users file may hold. */
export const fileForms: readonly HashForm[] = [bcrypt, argon2id, scrypt]

/** What an application's own database may hold. */
export const databaseForms: readonly HashForm[] = [...fileForms, pbkdf2]

/** The form of a stored hash, by how it begins; undefined when it is none of `forms`. */
export function formOf (hash: string, forms: readonly HashForm[]): HashForm | undefined {
  return forms.find(({ begins }) => begins.test(hash))
}

/**
 * Reads a stored hash, or says why it is not taken. Parameters are bounded, so that nobody can plant a hash
 * that takes a core for an hour or all memory.
 * @param forms the table of the store that holds it
 */
export function readHash (hash: string, forms: readonly HashForm[]): StoredHash | Refusal {
  return formOf(hash, forms)?.read(hash) ?? { mistake: refusal(hash, forms) }
}

/**
 * The same for a hash that must be right.
 * @throws Error when it is not taken; the message does not repeat it
 */
export function storedHash (hash: string, forms: readonly HashForm[]): StoredHash {
  const read = readHash(hash, forms)
  if ('mistake' in read) throw new Error(read.mistake)
  return read
}

function refusal (hash: string, forms: readonly HashForm[]): string {
  const taken = forms.map(({ name }) => name).join(', ')
  const known = refusedForms.find(({ begins }) => begins.test(hash))
  return known ? `${known.name} is not taken; ${taken} are` : `this is no hash of a known form; ${taken} are taken`
}
