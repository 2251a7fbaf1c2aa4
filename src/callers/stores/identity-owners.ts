import { LRUCache } from 'lru-cache'
import type { Caller } from '../../caller.js'
import { ownCopy } from '../../limits/keys.js'

/** Milliseconds: no token lives longer. */
const HELD_MS = 86_400_000
/** Names and identities of one day. Only right passwords get in here, so a stranger cannot crowd them out. */
const MAX_HELD = 200_000
/** Marks kept of one holder: a caller with more login names than this may have to wait for a day after a changed password. */
const MAX_MARKS = 6

/**
 * Keeps two callers from one identity where a store cannot be listed: whoever signed in first holds its name and its
 * identity for as long as a token with it may live, and another caller with either of them is a clash.
 * Known to this process alone, and to be thought of as a net: only the store can make identities unique.
 * Beyond 200 000 names and identities in a day the longest unused are forgotten.
 */
export class IdentityOwners {
  readonly #holders = new LRUCache<string, readonly string[]>({ max: MAX_HELD, ttl: HELD_MS })

  /**
   * Whether nobody else holds the caller's name or identity; if so, the caller now does.
   * @param marks what tells the caller from others: who shares one of them is the same caller
   */
  claim ({ name, identity }: Caller, marks: readonly string[]): boolean {
    const labels = name === identity ? [name] : [name, identity]
    const holders = labels.map(label => this.#holders.get(label))
    if (holders.some(holder => holder !== undefined && !holder.some(mark => marks.includes(mark)))) return false
    for (const [i, label] of labels.entries()) this.#holders.set(ownCopy(label), joined(marks, holders[i]))
    return true
  }
}

/** The newest first. One list for all labels of a new holder. */
function joined (marks: readonly string[], known: readonly string[] | undefined): readonly string[] {
  return known === undefined ? marks : [...new Set([...marks, ...known])].slice(0, MAX_MARKS)
}
