import { problem } from '../../problems.js'
import type { Diagnostic } from '../../lib/diagnostic.js'
import type { CallerStore, SessionStore } from '../store.js'

/** A store in another process, which may be away. */
export interface RemoteStore extends CallerStore {
  /** False while the store is known to be away, so that every login is refused at once. */
  readonly ready: boolean
  readonly sessions: SessionStore
  /**
   * Checks the settings of the store by looking up a caller that does not exist.
   * @returns mistakes, which repeat no secret; empty when logins will work
   * @throws Problem `store-unavailable` when the store is unavailable. That is no mistake, so a start goes on: `ready` is false until the store is back
   */
  check (): Promise<Diagnostic[]>
}

/** Where a store tells the operator what no caller may know. */
export interface StoreLog {
  info (message: string): void
  warn (message: string): void
}

/** Milliseconds that a login at such a store may be remembered, since nothing tells when its password changes there. */
export const cacheMs = 60_000

/** When the store is there and answers something that cannot be acted on: nobody gets in on a guess of what it meant. */
export function unusable (cause: string) {
  return problem('store-unavailable', { retryAfter: 5, cause: new Error(cause) })
}

/** Says once when a circuit opens and once when it closes. */
export function logOutages (store: string, log: StoreLog) {
  return (open: boolean, cause: unknown) => open
    ? log.warn(`${store} is away, so nobody can sign in: ${String(cause)}`)
    : log.info(`${store} answers again`)
}
