import { problem } from '../../problems.js'
import type { Diagnostic } from '../../lib/diagnostic.js'
import type { CallerStore, SessionStore } from '../store.js'

/** A store in another process, which may be unavailable. */
export interface RemoteStore extends CallerStore {
  /** False while the store is known to be unavailable: every login is then refused immediately. */
  readonly ready: boolean
  readonly sessions: SessionStore
  /**
   * Checks the settings of the store by looking up a caller that does not exist.
   * @returns mistakes, which repeat no secret; empty when logins will work
   * @throws Problem `store-unavailable` when the store is unavailable. That is no mistake, so a start goes on: `ready` is false until the
   * store is back
   */
  check (): Promise<Diagnostic[]>
}

/** A log for operators. Callers do not see it. */
export interface StoreLog {
  info (message: string): void
  warn (message: string): void
}

/** How long a login at such a store may be cached: nothing tells the broker that its password has changed. */
export const cacheMs = 60_000

/** The problem for an answer that the broker does not understand. Guessing its meaning could let the wrong caller in. */
export function unusable (cause: string) {
  return problem('store-unavailable', { retryAfter: 5, cause: new Error(cause) })
}

/** Logs one line when the circuit opens and one when it closes. */
export function logOutages (store: string, log: StoreLog) {
  return (open: boolean, cause: unknown) => open
    ? log.warn(`${store} is unavailable, so nobody can sign in: ${String(cause)}`)
    : log.info(`${store} answers again`)
}
