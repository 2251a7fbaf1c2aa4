import { canonicalName } from '../caller.js'
import { addressKeys } from '../limits/address-buckets.js'

/** The keys under which one login attempt is counted. */
export interface GuessKeys {
  /** The canonical name. */
  readonly name: string
  readonly address: string
  readonly nameAndAddress: string
}

export function guessKeys (name: string, ip: string): GuessKeys {
  const canonical = canonicalName(name)
  const [{ key: address }] = addressKeys(ip)
  return { name: canonical, address, nameAndAddress: `${address} ${canonical}` }
}
