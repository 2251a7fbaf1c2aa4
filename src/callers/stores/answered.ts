import { hash } from 'node:crypto'
import { duplicateKey, groupLimits, groupsIn, isIdentity, nameMistake, type Caller } from '../../caller.js'
import { ownCopy } from '../../limits/keys.js'
import { IdentityOwners } from './identity-owners.js'
import { unusable, type StoreLog } from './remote.js'

/** What a store answered about a caller whose password was right. Not validated yet. */
export interface Answered {
  /** The caller's canonical name; undefined if the store does not return it. */
  readonly name?: unknown
  /** The name inside the caller's tokens; undefined where it is the caller's own name. */
  readonly identity?: unknown
  /** The groups that the caller is in; undefined or null where there are none. */
  readonly groups?: unknown
}

/**
 * Turns the answers of a store in another process, or of the application's function, into callers. An answer that makes no sense is an
 * outage, which the log explains: a token for the wrong caller could not be revoked.
 */
export class CallerAnswers {
  readonly #store: string
  readonly #log: StoreLog
  readonly #owners: IdentityOwners
  #warned = false

  /**
   * @param store the setting or function that answers, for messages
   * @param owners those of another function of the same callers
   */
  constructor (store: string, log: StoreLog, owners = new IdentityOwners()) {
    this.#store = store
    this.#log = log
    this.#owners = owners
  }

  /**
   * @param login the name that was typed; NFC
   * @param secret the stored hash, if the store returns it: two names with the same salted hash are one account
   * @throws Problem `store-unavailable`, with a cause that repeats nothing of the answer
   */
  callerOf (login: string, answered: Answered, secret?: string): Caller {
    const name = this.#nameIn(answered)
    const identity = this.#identityIn(answered)
    const groups = answeredGroups(this.#store, answered.groups)
    if (name === undefined) this.warnOfNoName()
    // The original text is a slice of one that contains the password.
    const own = name ?? ownCopy(login)
    const caller = {
      name: own,
      identity: identity ?? own,
      ...(name === undefined && { asTyped: true as const }),
      ...(groups !== undefined && { groups })
    }
    if (!this.#owners.claim(caller, marksOf(login, name, identity, secret))) {
      throw unusable(`${this.#store} gave a caller the name or identity of another one; if they are one caller, let it answer the same "name" for both`)
    }
    return caller
  }

  /** Warns once that the store does not return canonical names. */
  warnOfNoName (): void {
    if (this.#warned) return
    this.#warned = true
    this.#log.warn(`${this.#store} answers no "name": names that differ only in case, accents, width or invisible characters are one caller to the policy and OPERATORS; let it answer each caller's canonical name as "name"`)
  }

  #nameIn ({ name }: Answered): string | undefined {
    if (name === undefined) return undefined
    if (typeof name !== 'string') throw unusable(`${this.#store} answered a name that is not a text`)
    const normal = name.normalize('NFC')
    const mistake = nameMistake(normal)
    if (mistake !== undefined) throw unusable(`${this.#store} answered a name that no caller can have: ${mistake}`)
    return normal
  }

  #identityIn ({ identity }: Answered): string | undefined {
    if (identity === undefined) return undefined
    if (typeof identity !== 'string' || identity === '') throw unusable(`${this.#store} answered an identity that is not a text, or is empty`)
    if (!isIdentity(identity)) throw unusable(`${this.#store} answered an identity with a control character, a line break or half a surrogate pair`)
    return identity.normalize('NFC')
  }
}

/**
 * The groups in what a store answered; undefined where there are none.
 * @throws Problem `store-unavailable` for another form, or for more than are taken: without one of its groups, a caller could pass by the
 * rule meant for it
 */
export function answeredGroups (store: string, said: unknown): readonly string[] | undefined {
  const groups = said === undefined || said === null ? [] : groupsIn(said)
  if (groups === undefined) throw unusable(`${store} answered groups that are not a list of at most ${groupLimits.groups} texts of 1 to ${groupLimits.characters} characters without control characters`)
  return groups.length === 0 ? undefined : groups
}

/**
 * Returns what distinguishes a caller from others. If the store returns a name, that does: two names with the same identity are then a
 * clash. Otherwise all spellings of a login name are one caller, and so are names with the same stored hash; without a hash, names with the
 * same identity.
 */
function marksOf (login: string, name: string | undefined, identity: string | undefined, secret: string | undefined): string[] {
  const marks: Array<[kind: string, value: string | undefined]> = name === undefined
    ? [['login', login], ['spelling', duplicateKey(login)], ['secret', secret], ['identity', secret === undefined ? identity : undefined]]
    : [['login', login], ['name', name], ['secret', secret]]
  // Digests are short, and keep the store's hashes out of memory.
  return marks.filter(([, value]) => value !== undefined).map(([kind, value]) => hash('sha256', `${kind} ${value}`, 'buffer').toString('base64url', 0, 12))
}
