import { databaseForms, storedHash } from './formats.js'

export interface HashTask {
  readonly hash: string
  readonly password: string
}

/** Runs in a thread of the hasher's, which it blocks. Whether a store takes this form of hash, the store has asked before. */
export default function verify ({ hash, password }: HashTask): boolean {
  return storedHash(hash, databaseForms).verify(password)
}
