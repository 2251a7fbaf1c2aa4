import { hash as digest, randomUUID, type KeyObject } from 'node:crypto'
import { mistake } from '../../lib/diagnostic.js'
import { problem } from '../../problems.js'
import { CallerAnswers } from './answered.js'
import { Circuit } from './circuit-breaker.js'
import { DatabaseSessions } from './database-sessions.js'
import { verifyHash, type VerifyHash } from '../passwords/hash-threads.js'
import { hashPassword } from '../passwords/formats.js'
import type { HashQueue } from '../passwords/hash-queue.js'
import { cacheMs, logOutages, unusable, type RemoteStore, type StoreLog } from './remote.js'
import { SeenHashes } from './seen-hashes.js'
import type { Caller, LoginContext, Standing } from '../store.js'
import { SettingMistake, UsersQuery, type UserRow, type UsersQueryOptions } from './users-query.js'

export interface PostgresOptions extends UsersQueryOptions {
  queue: HashQueue
  /** Chooses what is verified for unknown names; see `decoyKey`. */
  decoyKey: KeyObject
  /** Default: in threads. */
  verifyHash?: VerifyHash | undefined
  log: StoreLog
  /** A monotonic clock, in milliseconds. */
  now?: () => number
}

/** Look-ups that wait for a connection, each for less than a second. */
const MAX_WAITING = 256

/** A name that no caller can have: names contain no colon. */
const NOBODY = ':nobody:'

export function postgresStore (options: PostgresOptions): RemoteStore {
  return new PostgresStore(options)
}

/**
 * The operator's table as the store. A login with an unknown name verifies a decoy, so that it takes as long as one with a known name.
 */
class PostgresStore implements RemoteStore {
  readonly cacheMs = cacheMs
  readonly sessions: DatabaseSessions
  readonly #queue: HashQueue
  readonly #verifyHash: VerifyHash
  readonly #users: UsersQuery
  readonly #circuit: Circuit
  readonly #callers: CallerAnswers
  readonly #hashes: SeenHashes
  /** The decoy before the table has returned a hash. */
  readonly #firstDecoy = hashPassword(randomUUID())

  constructor ({ queue, decoyKey, verifyHash: verify = verifyHash, log, now, ...usersQuery }: PostgresOptions) {
    this.sessions = new DatabaseSessions(name => this.#find(name), now)
    this.#queue = queue
    this.#hashes = new SeenHashes(decoyKey, log)
    this.#verifyHash = verify
    this.#users = new UsersQuery(usersQuery)
    this.#callers = new CallerAnswers('USERS_QUERY', log)
    this.#circuit = new Circuit({ probe: () => this.#users.lookUp(NOBODY), onChange: logOutages('DATABASE_URL', log) })
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
    const hash = this.#hashes.verifiable(name, row?.password_hash) ?? this.#hashes.decoyFor(name) ?? await this.#firstDecoy
    const isRight = await this.#queue.run(login, () => this.#verifyHash(hash, password))
    return row && isRight ? this.sessions.signedIn(name, this.#standingOf(name, row, hash), asked) : null
  }

  async check () {
    try {
      const { rows, hasNames } = await this.#circuit.runFirst(() => this.#users.lookUp(NOBODY))
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
    if (this.#users.waiting >= MAX_WAITING) throw problem('overloaded', { retryAfter: 1 })
    const { rows: [row, another] } = await this.#circuit.run(() => this.#users.lookUp(name))
    if (another) throw unusable('USERS_QUERY finds several callers under one name')
    return row
  }

  async #find (name: string): Promise<Standing | null> {
    const row = await this.#lookUp(name)
    const hash = this.#hashes.verifiable(name, row?.password_hash)
    return row === undefined || hash === undefined ? null : this.#standingOf(name, row, hash)
  }

  #standingOf (login: string, { name, identity, groups }: UserRow, hash: string): Standing {
    const caller = this.#callers.callerOf(login, { name: name ?? undefined, identity: identity ?? undefined, groups }, hash)
    // A digest, so that the database's hash does not stay in memory.
    return { caller, credential: digest('sha256', hash, 'base64url') }
  }
}
