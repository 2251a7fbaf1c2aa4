import type { Credentials } from './api.js'
import type { Description, Offers } from './available-products.js'

/** Who is signed in. It is kept in memory alone, so a reload of the page signs out. */
export interface Session {
  credentials: Credentials
  /** The broker's OpenAPI document. */
  description: Description
  offers: Offers
}
