import type { Caller, LoginContext, SessionStore } from '../store.js'
import type { SessionMemory } from './memory.js'
import type { ProofTarget } from './proof-url.js'

export interface SessionsOptions {
  /** One to three. The first signs new sessions; a session that any of them signed is valid. */
  secrets: readonly [string, ...string[]]
  store: SessionStore
  memory: Pick<SessionMemory, 'ended' | 'proofKeys'>
  target: ProofTarget
  /** Seconds from the sign-in to the end of a session. */
  ttl: number
  /** Seconds that a token lives by default. */
  tokenTtl: number
  /** Seconds since 1970. */
  now?: () => number
}

/** The part of a request that a DPoP proof is bound to. */
export interface ProvenRequest {
  readonly method: string
  /** As received, without the query. */
  readonly path: string
}

export interface OpenedSession {
  readonly session: string
  readonly id: string
  /** Seconds. */
  readonly expiresIn: number
  /** ISO 8601. */
  readonly expiresAt: string
  /** The broker's time, in seconds since 1970. */
  readonly now: number
}

/** A session whose MAC is right: a broker with one of our secrets made it. Nothing else is checked yet. */
export interface KnownSession {
  readonly id: string
  /** The caller as of the sign-in. */
  readonly caller: Caller
  /** Seconds since 1970. */
  readonly ends: number
}

/** A session that has not ended, sent with a valid DPoP proof. */
export interface ProvenSession extends KnownSession {
  /** The caller as the store has it now. */
  readonly caller: Caller
  /** Identifies the DPoP proof, which may be used once. */
  readonly proof: string
}

/** What a page sends instead of a password. */
export interface SessionCredentials {
  readonly session: string
  readonly proof: string | undefined
}

export interface AuthenticateOptions {
  login: LoginContext
  /** Called once the MAC is verified, also where the session is refused afterwards: so the audit log can name its caller. */
  onVerified: (session: KnownSession) => void
  /** Accepts the session while the store is unavailable, so that an outage keeps nobody from signing out. */
  allowOutage: boolean
}
