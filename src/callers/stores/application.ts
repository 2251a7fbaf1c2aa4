import { applicationStore, type Authenticate } from './authenticate.js'
import { applicationIdentity, type Identify, type IdentifyRequest } from './identify.js'
import { IdentityOwners } from './identity-owners.js'
import { noStore } from './none.js'
import type { OpenStore } from './open-store.js'
import type { StoreLog } from './remote.js'

export interface ApplicationCallersOptions {
  /** Undefined where nobody has a password. */
  authenticate: Authenticate | undefined
  /** Undefined where the application does not say who is signed in. */
  identify: Identify | undefined
  log: StoreLog
  /** Milliseconds for which a right password may be cached. */
  cacheMs: number
}

/**
 * The callers of an application around the broker. Who signs in by password, and with the application, is one caller where the name is one.
 */
export function applicationCallers (
  { authenticate, identify, log, cacheMs }: ApplicationCallersOptions
): { store: OpenStore, identify: IdentifyRequest | undefined } {
  const owners = new IdentityOwners()
  return {
    store: authenticate === undefined ? noStore : applicationStore({ authenticate, log, cacheMs, owners }),
    identify: identify && applicationIdentity({ identify, log, owners })
  }
}
