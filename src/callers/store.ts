import type { Caller } from '../caller.js'

export type { Caller } from '../caller.js'

/** Where callers are kept: a users file, a database, or the application's own login. */
export interface CallerStore {
  /**
   * Decides one login. Does the same work whether or not the name exists (one look-up and, where the store keeps hashes, one hash), because
   * a faster answer would reveal which names exist.
   * @param name NFC, and of a form that a caller may have
   * @param password NFC
   * @returns the caller, or null for an unknown name or a wrong password
   * @throws Problem `store-unavailable` when the store cannot tell, `overloaded` when too many logins wait
   */
  verify (name: string, password: string, context: LoginContext): Promise<Caller | null>
  /** Whether a caller that `verify` returned has not changed since. Called for every cached login, so it does no I/O. */
  isCurrent (caller: Caller): boolean
  /** Milliseconds for which a right password may be cached. */
  readonly cacheMs: number
  close (): Promise<void>
}

/** The request that a login belongs to. */
export interface LoginContext {
  /** The request of the application that the broker runs in, if there is one. */
  readonly hostRequest?: object | undefined
  /** The client's IP address. */
  readonly ip: string
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal
}
