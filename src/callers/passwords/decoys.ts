import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { StoredHash } from './formats.js'

interface Kind {
  readonly decoy: string
  /** How many passwords of the store are hashed like this. */
  count: number
}

/** A key for `Decoys.choose`. The same secret gives the same choices on every node and after a restart: a name whose cost changes is nobody's. */
export function decoyKey (secret: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'decoys of unknown names', 32)))
}

/**
 * What is verified for unknown names. If it were one hash for all of them, its cost would tell them from every caller whose hash costs more or less.
 * So the unknown names share out among the kinds of hashes (form and parameters) of the store in the same proportions as its callers.
 */
export class Decoys {
  readonly #kinds = new Map<string, Kind>()
  /** In an order of their own, so that a store that changes moves few names to another kind. */
  #sorted: Kind[] = []
  #total = 0

  /** Counts a caller's hash. */
  add ({ parameters, decoy }: StoredHash): void {
    const kind = this.#kinds.get(parameters) ?? this.#begin(parameters, decoy())
    kind.count += 1
    this.#total += 1
  }

  /** Takes back an `add`. */
  remove (parameters: string): void {
    this.#kinds.get(parameters)!.count -= 1
    this.#total -= 1
  }

  /** The decoy of one kind. */
  of (parameters: string): string | undefined {
    return this.#kinds.get(parameters)?.decoy
  }

  /** The decoy for an unknown name, always of the same kind while the store is the same; undefined where no hash is known. */
  choose (name: string, key: KeyObject): string | undefined {
    const share = createHmac('sha256', key).update(name).digest().readUIntBE(0, 6) / 2 ** 48
    let left = share * this.#total
    return this.#sorted.find(({ count }) => (left -= count) < 0)?.decoy
  }

  #begin (parameters: string, decoy: string): Kind {
    const kind = { decoy, count: 0 }
    this.#kinds.set(parameters, kind)
    this.#sorted = [...this.#kinds].sort(([one], [other]) => one < other ? -1 : 1).map(([, kind]) => kind)
    return kind
  }
}
