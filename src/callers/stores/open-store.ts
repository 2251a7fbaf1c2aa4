import type { SignIn } from '../login.js'
import type { CallerStore, SessionStore } from '../store.js'

export interface OpenStore extends CallerStore {
  /** False while nobody can sign in. */
  readonly ready: boolean
  /** Whether a caller has this name, where the store can tell without being asked. */
  hasName? (name: string): boolean
  /** Undefined where nobody has a password. */
  readonly sessions: SessionStore | undefined
  /** Decides logins in the place of guess limits and cache, where none can be right. */
  readonly signIn?: SignIn
  /** Reads the callers again where they are kept in a file, as on SIGHUP. */
  reload (): Promise<unknown>
}
