import type { Caller } from '../caller.js'

export type { Caller } from '../caller.js'

/** Where callers are kept: a users file, a database, or the application's own login. */
export interface CallerStore {
  /**
   * Decides one login, with one look-up and, where the store keeps hashes, one hash, whether or not the name exists:
   * an answer that comes sooner for an unknown name tells which names exist.
   * @returns the caller, or null for an unknown name or a wrong password
   * @throws Problem `store-unavailable` when the store cannot tell, `overloaded` when too many logins wait
   */
  verify (name: string, password: string, login: Login): Promise<Caller | null>
  /** Whether a caller that `verify` gave is still as it was then. Asked for each remembered login, so it does no I/O. */
  isCurrent (caller: Caller): boolean
  /** How long a login may be remembered, in milliseconds. */
  readonly rememberFor: number
  close (): Promise<void>
}

export interface Login {
  /** The request of the application around the broker, where there is one. */
  readonly hostRequest?: object | undefined
  /** The address that asks; an IP address. */
  readonly ip: string
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal
}
