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

/** A caller as its store has it, with all that ends its sessions when it changes. */
export interface Standing {
  readonly caller: Caller
  /** Changes with the caller's password, such as its stored hash; empty where the store does not tell. A secret: it is not sealed, logged or sent. */
  readonly credential: string
  /** What LOGIN_URL answered as `version`: the page can read it. */
  readonly version?: string | undefined
}

/** Whose session it is, as it was at the sign-in. */
export interface SessionHolder {
  /** The name as it was typed, in NFC: what the store looks up. */
  readonly login: string
  readonly caller: Caller
  readonly version?: string | undefined
}

export type Found = Standing | 'ended' | null

/** What sessions ask of a store. */
export interface SessionStore {
  /** A session of one kind of store is none of another. */
  readonly kind: 'users-file' | 'database' | 'login-url' | 'authenticate'
  /**
   * How a caller stands whose password was found right.
   * @param caller as `verify` gave it
   * @returns undefined where the caller has changed since
   */
  standingOf (caller: Caller): Standing | undefined
  /**
   * How the holder of a session stands now; null where the store has no such caller any more, `ended` where it says that the session has ended for good.
   * @throws Problem `store-unavailable` when the store cannot tell, `overloaded` when too many ask
   */
  find (holder: SessionHolder, login: Login): Found | Promise<Found>
}

export interface Login {
  /** The request of the application around the broker, where there is one. */
  readonly hostRequest?: object | undefined
  /** The address that asks; an IP address. */
  readonly ip: string
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal
}
