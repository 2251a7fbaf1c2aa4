import type { Credentials } from './api.js'
import type { Description, Offers } from './available-products.js'

/** Who is signed in. It is kept in memory alone, so a reload of the page signs out. */
export interface Session {
  credentials: Credentials
  /** When the broker ends it. Undefined with a bearer token, or where `without` says why there is no session. */
  end?: SessionEnd
  /** Why the page keeps the password, in a sentence. */
  without?: string
  /** The broker's OpenAPI document. */
  description: Description
  offers: Offers
  /** What views keep while others are shown, by name. It goes with the session. */
  kept: Map<string, unknown>
}

export interface SessionEnd {
  /** ISO 8601, by the broker's clock. */
  at: string
  /** By the clock of `now.ts`. */
  due: number
}
