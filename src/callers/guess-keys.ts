import { canonicalName } from '../caller.js'
import { addressKeys } from '../limits/address-buckets.js'

/** The keys under which one login attempt is counted. */
export interface GuessKeys {
  readonly typed: string
  readonly canonicalName: string
  readonly address: string
  readonly name: string
  readonly nameAndAddress: string
}

/**
 * @param unlockedAt when an operator unlocked a name. It is a part of the keys, so the wrong passwords of an unlocked name count from zero,
 * and the counters under its old keys no longer matter
 */
export function guessKeys (typed: string, ip: string, unlockedAt: (canonicalName: string) => string | undefined): GuessKeys {
  const canonical = canonicalName(typed)
  const [{ key: address }] = addressKeys(ip)
  const time = unlockedAt(canonical)
  // No caller's name holds a colon.
  const name = time === undefined ? canonical : `${canonical}:${time}`
  return { typed, canonicalName: canonical, name, address, nameAndAddress: `${address} ${name}` }
}
