import { LRUCache } from 'lru-cache'
import { canonicalName } from '../../caller.js'
import type { Caller } from '../store.js'

/** Milliseconds: no token lives longer. */
const remembered = 86_400_000
/** Callers of one day. Only right passwords get in here, so a stranger cannot crowd them out. */
const most = 200_000

/**
 * Keeps two callers from one identity where a store cannot be listed: whoever signed in first holds its name and its
 * identity for as long as a token with it may live, and another caller with either of them is a clash.
 * Names that differ only in case are one caller: many tables compare them so.
 * Beyond 200 000 names and identities in a day the longest unused are forgotten.
 */
export class Identities {
  readonly #holders = new LRUCache<string, string>({ max: most, ttl: remembered })

  /** Whether nobody else holds the caller's name or identity; if so, the caller now does. */
  claim ({ name, identity }: Caller): boolean {
    const holder = canonicalName(name)
    const held = [name, identity]
    if (held.some(label => (this.#holders.get(label) ?? holder) !== holder)) return false
    for (const label of held) this.#holders.set(label, holder)
    return true
  }
}
