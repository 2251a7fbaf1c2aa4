import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { StoredHash } from './formats.js'

interface Kind {
  readonly decoy: string
  /** How many passwords of the store are hashed like this. */
  count: number
}

/**
 * Derives the key for `Decoys.choose` from the secret, so that all nodes and restarts choose alike. If the cost of a name changed between
 * them, that would reveal that nobody has the name.
 */
export function decoyKey (secret: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'decoys of unknown names', 32)))
}

/**
 * Hashes that are verified for unknown names, so that a login takes as long as for a known name. A single decoy would not do: callers whose
 * hash costs more or less would stand out. So unknown names are spread over the formats and parameters of the store in the same proportions
 * as its callers.
 */
export class Decoys {
  readonly #kinds = new Map<string, Kind>()
  /** Sorted by parameters, so that a change of the store moves few names to another kind. */
  #sorted: Kind[] = []
  #total = 0

  /** Counts a caller's hash. */
  add ({ parameters, decoy }: StoredHash): void {
    const kind = this.#kinds.get(parameters) ?? this.#addKind(parameters, decoy())
    kind.count += 1
    this.#total += 1
  }

  /** Reverts an `add`. */
  remove (parameters: string): void {
    this.#kinds.get(parameters)!.count -= 1
    this.#total -= 1
  }

  /** Returns the decoy with these parameters. */
  of (parameters: string): string | undefined {
    return this.#kinds.get(parameters)?.decoy
  }

  /**
   * Returns the decoy for an unknown name: always of the same kind while the store does not change.
   * @returns undefined where the store has no hashes
   */
  choose (name: string, key: KeyObject): string | undefined {
    const share = createHmac('sha256', key).update(name).digest().readUIntBE(0, 6) / 2 ** 48
    let left = share * this.#total
    return this.#sorted.find(({ count }) => (left -= count) < 0)?.decoy
  }

  #addKind (parameters: string, decoy: string): Kind {
    const kind = { decoy, count: 0 }
    this.#kinds.set(parameters, kind)
    this.#sorted = [...this.#kinds].sort(([one], [other]) => one < other ? -1 : 1).map(([, kind]) => kind)
    return kind
  }
}
