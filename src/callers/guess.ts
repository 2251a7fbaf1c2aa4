import { canonicalName } from '../caller.js'
import { addressKeys } from '../limits/address-buckets.js'

/** A name at an address, in the words of the counters. */
export interface Guess {
  readonly name: string
  readonly address: string
  readonly pair: string
}

export function guessAt (name: string, ip: string): Guess {
  const canonical = canonicalName(name)
  const [{ key: address }] = addressKeys(ip)
  return { name: canonical, address, pair: `${address} ${canonical}` }
}
