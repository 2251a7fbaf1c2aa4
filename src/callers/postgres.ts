import { randomUUID } from 'node:crypto'
import { problem } from '../problems.js'
import { Circuit } from './circuit.js'
import { verifyHash, type VerifyHash } from './hasher.js'
import { Identities } from './identities.js'
import { costlier, databaseForms, hashPassword, readHash, type StoredHash } from './passwords.js'
import type { HashQueue } from './queue.js'
import { rememberFor, tellChanges, unusable, type RemoteStore, type StoreLog } from './remote.js'
import type { Caller, Login } from './store.js'
import { SettingMistake, UsersQuery, type UserRow, type UsersQueryOptions } from './users-query.js'

export interface PostgresOptions extends UsersQueryOptions {
  queue: HashQueue
  /** By default in threads of their own. */
  verifyHash?: VerifyHash | undefined
  log: StoreLog
}

/** Look-ups that wait for a connection, each for less than a second. */
const mostWaiting = 256

/** No caller's name: those hold no colon. */
const nobody = ':nobody:'

export function postgresStore (options: PostgresOptions): RemoteStore {
  return new PostgresStore(options)
}

/**
 * The operator's own table as the store.
 *
 * Unknown names cost a hash as dear as the costliest that the table has shown since the start: a table that is only
 * asked by name cannot tell which that is, so until the first known name is looked up the broker's default form stands in.
 * A caller whose hash is missing, or cannot be verified, is answered like an unknown name, for any other answer would tell
 * a stranger that the name exists. The operator finds the hash's form in the log, once.
 */
class PostgresStore implements RemoteStore {
  readonly rememberFor = rememberFor
  readonly #queue: HashQueue
  readonly #verifyHash: VerifyHash
  readonly #log: StoreLog
  readonly #users: UsersQuery
  readonly #circuit: Circuit
  readonly #identities = new Identities()
  readonly #warned = new Set<string>()
  readonly #default = hashPassword(randomUUID())
  #costliest: StoredHash | undefined

  constructor ({ queue, verifyHash: verify = verifyHash, log, ...usersQuery }: PostgresOptions) {
    this.#queue = queue
    this.#verifyHash = verify
    this.#log = log
    this.#users = new UsersQuery(usersQuery)
    this.#circuit = new Circuit({ probe: () => this.#users.lookUp(nobody), onChange: tellChanges('DATABASE_URL', log) })
  }

  get ready () {
    return !this.#circuit.open
  }

  isCurrent () {
    return true
  }

  async verify (name: string, password: string, login: Login): Promise<Caller | null> {
    login.signal.throwIfAborted()
    if (this.#users.waiting >= mostWaiting) throw problem('overloaded', { retryAfter: 1 })
    const [row, another] = await this.#circuit.run(() => this.#users.lookUp(name))
    if (another) throw unusable('USERS_QUERY finds several callers under one name')
    const hash = this.#taken(row?.password_hash) ?? this.#costliest?.decoy() ?? await this.#default
    const right = await this.#queue.run(login, () => this.#verifyHash(hash, password))
    return row && right ? this.#callerOf(name, row) : null
  }

  async check () {
    try {
      const rows = await this.#circuit.runFirst(() => this.#users.lookUp(nobody))
      return rows.length === 0 ? [] : ['USERS_QUERY finds somebody under a name that nobody has: it must compare a column with $1']
    } catch (error) {
      if (error instanceof Error && error.cause instanceof SettingMistake) return [error.cause.message]
      throw error
    }
  }

  async close () {
    this.#circuit.close()
    await this.#users.close()
  }

  /** The hash, if it is one that can be verified. */
  #taken (hash: string | null | undefined): string | undefined {
    if (hash == null) return undefined
    const stored = readHash(hash, databaseForms)
    if ('mistake' in stored) {
      this.#warnOnce(`a caller cannot sign in, because of the hash that USERS_QUERY answers: ${stored.mistake}`)
      return undefined
    }
    if (stored.warning) this.#warnOnce(`a hash that USERS_QUERY answers is weak: ${stored.warning}`)
    this.#costliest = costlier(stored, this.#costliest)
    return hash
  }

  #callerOf (name: string, row: UserRow): Caller {
    const caller = { name, identity: row.identity ?? name }
    if (caller.identity === '') throw unusable('USERS_QUERY answers an empty identity')
    if (!this.#identities.claim(caller)) throw unusable('USERS_QUERY gives a caller the name or identity of another one')
    return caller
  }

  /** The texts are a fixed few; who tries to sign in decides how often they would come. */
  #warnOnce (text: string) {
    if (this.#warned.has(text)) return
    this.#warned.add(text)
    this.#log.warn(text)
  }
}
