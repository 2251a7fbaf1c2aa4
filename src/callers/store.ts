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
   * @param after seconds since 1970; what the store remembers from then or before is not enough. By default, whatever it remembers is
   * @throws Problem `store-unavailable` when the store cannot tell, `overloaded` when too many ask
   */
  find (holder: SessionHolder, login: LoginContext, after?: number): Found | Promise<Found>
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
