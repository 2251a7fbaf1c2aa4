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
   * @throws Problem `store-unavailable` when the store cannot answer, `overloaded` when too many logins wait
   */
  verify (name: string, password: string, context: LoginContext): Promise<Caller | null>
  /** Whether a caller that `verify` returned has not changed since. Called for every cached login, so it does no I/O. */
  isCurrent (caller: Caller): boolean
  /** Milliseconds for which a right password may be cached. */
  readonly cacheMs: number
  close (): Promise<void>
}

/** The current state of a caller in its store. When any of it changes, the caller's sessions end. */
export interface Standing {
  readonly caller: Caller
  /**
   * Changes with the caller's password: its stored hash, for example. Empty where the store does not reveal any. Secret: never in a
   * session, in a log or in an answer.
   */
  readonly credential: string
  /** The `version` in the answer of LOGIN_URL. Not secret: the page can read it in its session. */
  readonly version?: string | undefined
  /** The caller's groups where a session has to carry them, as the store does not answer them again. The page can read them. */
  readonly groups?: readonly string[] | undefined
}

/** The owner of a session, as of the sign-in. */
export interface SessionHolder {
  /** The name as it was typed, in NFC, which the store looks up. */
  readonly login: string
  readonly caller: Caller
  readonly version?: string | undefined
}

/** `ended`: the store says that the session has ended for good. Null: the store has no such caller. */
export type FoundStanding = Standing | 'ended' | null

/** The part of a store that sessions need. */
export interface SessionStore {
  /** A session is valid only with the kind of store it was opened with. */
  readonly kind: 'users-file' | 'database' | 'login-url' | 'authenticate'
  /**
   * Returns the state of a caller whose password was just verified.
   * @param caller as returned by `verify`
   * @returns undefined where the caller has changed since
   */
  standingOf (caller: Caller): Standing | undefined
  /**
   * Looks up the present state of a session's owner.
   * @param after seconds since 1970; a cached answer must be newer. By default any cached answer will do
   * @throws Problem `store-unavailable` when the store cannot answer, `overloaded` when too many look-ups wait
   */
  find (holder: SessionHolder, login: LoginContext, after?: number): FoundStanding | Promise<FoundStanding>
}

/** The request that a login belongs to. */
export interface LoginContext {
  /** The request of the application around the broker, if there is one. */
  readonly hostRequest?: object | undefined
  /** The client's IP address. */
  readonly ip: string
  /** The request's header `traceparent`, where it is valid. */
  readonly traceparent?: string | undefined
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal
}
