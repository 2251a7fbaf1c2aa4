import { databaseFormats, storedHash } from './formats.js'

export interface HashTask {
  readonly hash: string
  readonly password: string
}

/** Runs in one of the hash threads and blocks it. The store has checked before that it accepts this format. */
export default function verify ({ hash, password }: HashTask): boolean {
  return storedHash(hash, databaseFormats).verify(password)
}
