import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { canonicalName } from '../../caller.js'
import { ownCopy } from '../../limits/keys.js'
import { Decoys } from '../passwords/decoys.js'
import { databaseFormats, readHash } from '../passwords/formats.js'
import type { StoreLog } from './remote.js'

/** Callers whose kind of hash is known. In a larger table, these are a sample with the same proportions. */
const MAX_CALLERS = 10_000

/**
 * The kinds of hashes that a table has returned since the start, from which decoys for unknown names are chosen: the whole table cannot be
 * read. All spellings of a name get the same decoy, because for some tables `Susan` is `susan`.
 */
export class SeenHashes {
  readonly #decoyKey: KeyObject
  readonly #log: StoreLog
  readonly #decoys = new Decoys()
  /** The parameters of a caller's hash, by canonical name. */
  readonly #parameters = new LRUCache<string, string>({ max: MAX_CALLERS, dispose: parameters => this.#decoys.remove(parameters) })
  readonly #logged = new Set<string>()

  constructor (decoyKey: KeyObject, log: StoreLog) {
    this.#decoyKey = decoyKey
    this.#log = log
  }

  /**
   * Returns the hash if it can be verified, and counts its kind. If not, the caller is treated as unknown, because any other answer would
   * reveal that the name exists; the log says what is wrong with the hash.
   */
  verifiable (name: string, hash: string | null | undefined): string | undefined {
    if (hash == null) return undefined
    const stored = readHash(hash, databaseFormats)
    if ('mistake' in stored) {
      this.#logOnce(`a caller cannot sign in, because of the hash that USERS_QUERY answers: ${stored.mistake}`)
      return undefined
    }
    if (stored.warning) this.#logOnce(`a hash that USERS_QUERY answers is weak: ${stored.warning}`)
    const key = canonicalName(name)
    if (this.#parameters.get(key) !== stored.parameters) {
      this.#decoys.add(stored)
      this.#parameters.set(ownCopy(key), stored.parameters)
    }
    return hash
  }

  /** Returns the decoy for a name; undefined before the first hash. */
  decoyFor (name: string): string | undefined {
    const key = canonicalName(name)
    const parameters = this.#parameters.get(key)
    return parameters === undefined ? this.#decoys.choose(key, this.#decoyKey) : this.#decoys.of(parameters)
  }

  /** There are only a few different texts. Logging each login would let anybody fill the log. */
  #logOnce (text: string): void {
    if (this.#logged.has(text)) return
    this.#logged.add(text)
    this.#log.warn(text)
  }
}
