/** One way of storing a password's hash. */
export interface HashForm {
  /** As people call it. */
  readonly name: string
  /** How a stored hash of this form begins. */
  readonly begins: RegExp
  /** Called for every line of a users file, so it is quick and hashes nothing. */
  read (hash: string): StoredHash | Refusal
}

/** A hash that can be verified. */
export interface StoredHash {
  /** The form and its parameters: hashes with the same ones cost the same to verify. */
  readonly parameters: string
  /** Why the parameters are too cheap, if they are. */
  readonly warning?: string | undefined
  /** Whether `password` (NFC) is the one that was hashed; compared in constant time. It blocks the thread, so only the hash worker may. */
  verify (password: string): boolean
  /** A hash of no password with the same parameters: verifying it costs the same and never succeeds. */
  decoy (): string
}

/** Why a hash is not taken, in words that do not repeat it. */
export interface Refusal {
  readonly mistake: string
}
