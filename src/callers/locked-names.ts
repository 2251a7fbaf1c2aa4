import { ownCopy } from '../limits/keys.js'

/** Strangers can lock any number of names. Beyond, locks are forgotten: first those of no caller, the one refused least recently first. */
const MAX_LOCKS = 1000

/** A name that is locked, at an address or at all. */
export interface Lock {
  readonly canonicalName: string
  /** Undefined unless a caller has this name: people type passwords in its place. */
  readonly name: string | undefined
  /** Undefined if the name is locked at every address from which it has not signed in during the last week. */
  readonly address: string | undefined
  readonly leftMs: number
}

export interface LockedNamesOptions {
  /** When an operator unlocked a name; undefined where none did. */
  unlockedAt: (canonicalName: string) => string | undefined
  /**
   * Returns the name of the caller that is known to have it; undefined where none is. What was typed may only be returned where it is a
   * caller's name in every letter: of another spelling, the rest is a stranger's text, or a password.
   */
  nameOf: (typed: string, canonicalName: string) => string | undefined
  /** A monotonic clock, in milliseconds. */
  now?: () => number
}

interface Entry extends Omit<Lock, 'leftMs'> {
  readonly endsAt: number
  readonly unlockedAt: string | undefined
}

/** The names that are locked now, for operators. It knows those whose sign-in this process refused: other locks hinder nobody yet. */
export class LockedNames {
  /** The last refused one is the last. */
  readonly #entries = new Map<string, Entry>()
  readonly #unlockedAt: LockedNamesOptions['unlockedAt']
  readonly #nameOf: LockedNamesOptions['nameOf']
  readonly #now: () => number

  constructor ({ unlockedAt, nameOf, now = () => performance.now() }: LockedNamesOptions) {
    this.#unlockedAt = unlockedAt
    this.#nameOf = nameOf
    this.#now = now
  }

  /**
   * To be called when a sign-in is refused.
   * @param address where the name is locked; undefined where it is locked at all
   * @param seconds until the lock ends
   */
  add (typed: string, canonicalName: string, address: string | undefined, seconds: number): void {
    // No address holds a blank.
    const key = `${address ?? ''} ${canonicalName}`
    const before = this.#entries.get(key)
    const name = this.#nameOf(typed, canonicalName)
    this.#entries.delete(key)
    this.#entries.set(ownCopy(key), {
      canonicalName: ownCopy(canonicalName),
      // Keeps the name that is known: the store may not recognize this spelling of it.
      name: name === undefined ? before?.name : ownCopy(name),
      address: address && ownCopy(address),
      endsAt: this.#now() + seconds * 1000,
      unlockedAt: this.#unlockedAt(canonicalName)
    })
    if (this.#entries.size > MAX_LOCKS) this.#entries.delete(this.#firstToForget())
  }

  #firstToForget (): string {
    for (const [key, { name }] of this.#entries) if (name === undefined) return key
    return this.#entries.keys().next().value!
  }

  /**
   * Returns the current locks. Those of callers come first: otherwise an attacker could hide them behind locks of invented names. Within
   * both groups, the most recently refused comes first.
   */
  list (): Lock[] {
    const now = this.#now()
    const all = [...this.#entries.values()].reverse()
    return [...all.filter(({ name }) => name !== undefined), ...all.filter(({ name }) => name === undefined)]
      .filter(({ canonicalName, endsAt, unlockedAt }) => endsAt > now && unlockedAt === this.#unlockedAt(canonicalName))
      .map(({ canonicalName, name, address, endsAt }) => ({ canonicalName, name, address, leftMs: endsAt - now }))
  }
}
