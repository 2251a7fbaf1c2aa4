import { mistake } from '../../lib/diagnostic.js'
import { hash as digest, randomUUID, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ownCopy } from '../../limits/keys.js'
import { problem } from '../../problems.js'
import { CallerAnswers } from './answered.js'
import { Circuit } from './circuit-breaker.js'
import { DatabaseSessions } from './database-sessions.js'
import { Decoys } from '../passwords/decoys.js'
import { verifyHash, type VerifyHash } from '../passwords/hash-threads.js'
import { canonicalName } from '../../caller.js'
import { databaseFormats, hashPassword, readHash } from '../passwords/formats.js'
import type { HashQueue } from '../passwords/hash-queue.js'
import { cacheMs, logOutages, unusable, type RemoteStore, type StoreLog } from './remote.js'
import type { Caller, LoginContext, Standing } from '../store.js'
import { SettingMistake, UsersQuery, type UserRow, type UsersQueryOptions } from './users-query.js'

export interface PostgresOptions extends UsersQueryOptions {
  queue: HashQueue
  /** Chooses what is verified for unknown names; see `decoyKey`. */
  decoyKey: KeyObject
  /** By default in threads of their own. */
  verifyHash?: VerifyHash | undefined
  log: StoreLog
  /** A clock that never steps, in milliseconds. */
  now?: () => number
}

/** Look-ups that wait for a connection, each for less than a second. */
const mostWaiting = 256

/** Callers whose kind of hash is remembered: of a larger table a sample, which has its proportions. */
const mostSeen = 10_000

/** No caller's name: those hold no colon. */
const nobody = ':nobody:'

export function postgresStore (options: PostgresOptions): RemoteStore {
  return new PostgresStore(options)
}

/**
 * The operator's own table as the store.
 *
 * Unknown names cost hashes of the kinds that the table has shown since the start, in the proportions of the callers that were looked up:
 * a table that is only asked by name tells no more. Until the first of them is looked up the broker's default form stands in.
 * Some tables take `Susan` for `susan`, others do not; so all spellings of a name cost the same, known or not.
 * A caller whose hash is missing, or cannot be verified, is answered like an unknown name, for any other answer would tell
 * a stranger that the name exists. The operator finds the hash's form in the log, once.
 */
class PostgresStore implements RemoteStore {
  readonly cacheMs = cacheMs
  readonly sessions: DatabaseSessions
  readonly #queue: HashQueue
  readonly #decoyKey: KeyObject
  readonly #verifyHash: VerifyHash
  readonly #log: StoreLog
  readonly #users: UsersQuery
  readonly #circuit: Circuit
  readonly #callers: CallerAnswers
  readonly #warned = new Set<string>()
  readonly #default = hashPassword(randomUUID())
  readonly #decoys = new Decoys()
  /** By canonical name, the parameters of its hash. */
  readonly #seen = new LRUCache<string, string>({ max: mostSeen, dispose: parameters => this.#decoys.remove(parameters) })

  constructor ({ queue, decoyKey, verifyHash: verify = verifyHash, log, now, ...usersQuery }: PostgresOptions) {
    this.sessions = new DatabaseSessions(name => this.#find(name), now)
    this.#queue = queue
    this.#decoyKey = decoyKey
    this.#verifyHash = verify
    this.#log = log
    this.#users = new UsersQuery(usersQuery)
    this.#callers = new CallerAnswers('USERS_QUERY', log)
    this.#circuit = new Circuit({ probe: () => this.#users.lookUp(nobody), onChange: logOutages('DATABASE_URL', log) })
  }

  get ready () {
    return !this.#circuit.open
  }

  isCurrent (caller: Caller) {
    return this.sessions.isCurrent(caller)
  }

  async verify (name: string, password: string, login: LoginContext): Promise<Caller | null> {
    login.signal.throwIfAborted()
    const asked = this.sessions.asking()
    const row = await this.#lookUp(name)
    const hash = this.#taken(name, row?.password_hash) ?? this.#decoyOf(name) ?? await this.#default
    const right = await this.#queue.run(login, () => this.#verifyHash(hash, password))
    return row && right ? this.sessions.signedIn(name, this.#standingOf(name, row, hash), asked) : null
  }

  async check () {
    try {
      const { rows, hasNames } = await this.#circuit.runFirst(() => this.#users.lookUp(nobody))
      if (hasNames === false) this.#callers.warnOfNoName()
      return rows.length === 0 ? [] : [mistake('USERS_QUERY', 'invalid', 'USERS_QUERY finds somebody under a name that nobody has: it must compare a column with $1')]
    } catch (error) {
      if (error instanceof Error && error.cause instanceof SettingMistake) return [mistake(error.cause.setting, 'invalid', error.cause.message)]
      throw error
    }
  }

  async close () {
    this.#circuit.close()
    await this.#users.close()
  }

  async #lookUp (name: string): Promise<UserRow | undefined> {
    if (this.#users.waiting >= mostWaiting) throw problem('overloaded', { retryAfter: 1 })
    const { rows: [row, another] } = await this.#circuit.run(() => this.#users.lookUp(name))
    if (another) throw unusable('USERS_QUERY finds several callers under one name')
    return row
  }

  async #find (name: string): Promise<Standing | null> {
    const row = await this.#lookUp(name)
    const hash = this.#taken(name, row?.password_hash)
    return row === undefined || hash === undefined ? null : this.#standingOf(name, row, hash)
  }

  #standingOf (login: string, { name, identity, groups }: UserRow, hash: string): Standing {
    const caller = this.#callers.callerOf(login, { name: name ?? undefined, identity: identity ?? undefined, groups }, hash)
    // A digest, so that no hash stays in memory that was a secret of the database.
    return { caller, credential: digest('sha256', hash, 'base64url') }
  }

  /** The hash, if it is one that can be verified. */
  #taken (name: string, hash: string | null | undefined): string | undefined {
    if (hash == null) return undefined
    const stored = readHash(hash, databaseFormats)
    if ('mistake' in stored) {
      this.#warnOnce(`a caller cannot sign in, because of the hash that USERS_QUERY answers: ${stored.mistake}`)
      return undefined
    }
    if (stored.warning) this.#warnOnce(`a hash that USERS_QUERY answers is weak: ${stored.warning}`)
    const key = canonicalName(name)
    if (this.#seen.get(key) !== stored.parameters) {
      this.#decoys.add(stored)
      this.#seen.set(ownCopy(key), stored.parameters)
    }
    return hash
  }

  #decoyOf (name: string): string | undefined {
    const key = canonicalName(name)
    const parameters = this.#seen.get(key)
    return parameters === undefined ? this.#decoys.choose(key, this.#decoyKey) : this.#decoys.of(parameters)
  }

  /** The texts are a fixed few; who tries to sign in decides how often they would come. */
  #warnOnce (text: string) {
    if (this.#warned.has(text)) return
    this.#warned.add(text)
    this.#log.warn(text)
  }
}
