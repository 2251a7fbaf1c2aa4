import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { isBearer, type Caller } from '../caller.js'
import { growingTo } from '../lib/lru.js'
import { tokenLifetime } from '../lib/twilio-limits.js'

/** The longest life of a token. */
const HELD_MS = tokenLifetime.max * 1000

/** Identities of one day, some 150 bytes each. Beyond, those whose last token is the oldest are forgotten. */
const MAX_HELD = 200_000

/**
 * Keeps a caller with a bearer token from the identity of another caller. All others have precedence: a store is this broker's own, while
 * what an identity provider writes into a claim can be its users' own choice.
 * It knows the tokens of this process alone, and only since it started.
 */
export class IdentityHolders {
  readonly #holders: LRUCache<string, string>
  /** Two hashes cost as much as the signature of a token, and most callers ask for the same identity again and again. */
  readonly #lastKeys = new WeakMap<Caller, Keys>()
  readonly #isName: (name: string) => boolean

  /**
   * @param isName whether a caller of the store has this name
   * @param perf a clock that never steps
   */
  constructor (
    isName: (name: string) => boolean,
    { max = MAX_HELD, perf = performance }: { max?: number, perf?: { now: () => number } } = {}
  ) {
    this.#isName = isName
    this.#holders = new LRUCache({ ...growingTo(max), ttl: HELD_MS, ttlResolution: 0, perf })
  }

  /**
   * To be called before a token is issued.
   * @param identity as stores and policies write it, in NFC
   * @returns false where it is another caller's, and this one may not have it
   */
  claim (caller: Caller, identity: string): boolean {
    const { key, own } = this.#keysOf(caller, identity)
    if (isBearer(caller) && (this.#isName(identity) || (this.#holders.get(key) ?? own) !== own)) return false
    this.#holders.set(key, own)
    return true
  }

  #keysOf (caller: Caller, identity: string): Keys {
    const last = this.#lastKeys.get(caller)
    if (last?.identity === identity) return last
    const keys = { identity, key: digest(identity), own: digest(caller.name) }
    this.#lastKeys.set(caller, keys)
    return keys
  }
}

interface Keys {
  readonly identity: string
  /** Of the identity. */
  readonly key: string
  /** Of the caller's name. */
  readonly own: string
}

/** A short key of fixed length. A part of the request's own text would keep the whole text in memory. */
function digest (text: string): string {
  return hash('sha256', text, 'buffer').toString('base64url', 0, 12)
}
