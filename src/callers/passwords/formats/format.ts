/** A format in which password hashes are stored. */
export interface HashFormat {
  /** The usual name, for messages. */
  readonly name: string
  /** Matches the beginning of every hash in this format, also of a malformed one. */
  readonly prefix: RegExp
  /** Parses a stored hash. Called for every line of a users file, so it must be quick. */
  read (hash: string): StoredHash | Refusal
}

/** A hash that can be verified. */
export interface StoredHash {
  /** Format and parameters: hashes with the same ones cost the same to verify. */
  readonly parameters: string
  /** Says that the parameters are too cheap, if they are. */
  readonly warning?: string | undefined
  /** Compares `password` (NFC) in constant time. Blocks the thread, so only the hash worker may call it. */
  verify (password: string): boolean
  /** Makes a hash with the same parameters that matches no password: verifying it costs the same and never succeeds. */
  decoy (): string
}

/** Why a hash is refused, in words that do not repeat it. */
export interface Refusal {
  readonly mistake: string
}
