import { LRUCache } from 'lru-cache'
import type { Caller } from '../../caller.js'
import { growingTo } from '../../lib/lru.js'
import { tokenLifetime } from '../../lib/twilio-limits.js'
import { ownCopy } from '../../limits/keys.js'

/** The longest life of a token. */
const HELD_MS = tokenLifetime.max * 1000
/** Names and identities of one day. Only logins with a right password are stored, so others cannot displace them. */
const MAX_HELD = 200_000
/** Marks kept of one holder: a caller with more login names than this may have to wait for a day after a changed password. */
const MAX_MARKS = 6

/**
 * Keeps two callers from having the same identity where a store cannot be listed: the caller who signed in first owns name and identity for
 * as long as a token may live, and another caller with either of them is refused. This is only a safety net of this process: only the store
 * can make identities unique. Beyond 200 000 names and identities a day, the least recently used are forgotten.
 */
export class IdentityOwners {
  readonly #holders = new LRUCache<string, readonly string[]>({ ...growingTo(MAX_HELD), ttl: HELD_MS })

  /**
   * Claims name and identity for a caller.
   * @param marks what distinguishes the caller: two logins that share one of them are the same caller
   * @returns false if another caller owns one of them
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
