import type { KeyObject } from 'node:crypto'
import { coalesce } from '../../lib/coalesce.js'
import { verifyHash, type VerifyHash } from '../passwords/hash-threads.js'
import type { Mistakes, Users } from './parse.js'
import { loadUsers } from './load.js'
import type { HashQueue } from '../passwords/hash-queue.js'
import type { Caller, CallerStore, LoginContext, SessionStore, Standing } from '../store.js'
import { stampOf } from '../../files/stamp.js'
import { watchFiles } from '../../files/watch.js'

export interface UsersFileOptions {
  /** Absolute path. */
  path: string
  /** The file as the operator named it, for messages. */
  label: string
  /** Where this process's hashes wait. */
  queue: HashQueue
  /** Chooses what is verified for unknown names; see `decoyKey`. */
  decoyKey: KeyObject
  /** By default in threads of their own. */
  verifyHash?: VerifyHash | undefined
  /** Told of every reload, whether the file changed or `reload` was called. */
  onReload: (result: ReloadResult) => void
  /** Milliseconds between two polls of the file; see `watchFiles`. */
  pollMs?: number
}

export interface ReloadResult {
  /** Whether the file was taken. If not, the callers are the ones there were. */
  readonly ok: boolean
  /** One line for the log; names the file and the lines at fault. */
  readonly message: string
  readonly mistakes: readonly string[]
  readonly warnings: readonly string[]
  /** How many callers there are now. */
  readonly callers: number
}

export interface UsersFileStore extends CallerStore {
  /** What was odd about the file at the start: sentences for the log. */
  readonly warnings: readonly string[]
  /** How many callers there are now. */
  readonly size: number
  readonly sessions: SessionStore
  /** Reads the file now, as on SIGHUP. Does not reject for what is wrong with the file. */
  reload (): Promise<ReloadResult>
}

/** A users file that cannot be used; `mistakes` are sentences for the operator. */
export class UsersFileError extends Error {
  override readonly name = 'UsersFileError'

  constructor (readonly mistakes: readonly string[]) {
    super(mistakes.join('; '))
  }
}

/**
 * Milliseconds. A caller who changes or goes is no longer `isCurrent` once the file is read again,
 * so this only bounds how long a login that nobody uses stays in memory.
 */
const cacheMs = 15 * 60_000

/**
 * The users file as the store, kept up with: a change is taken within a second, whole or not at all.
 * @throws UsersFileError when the file cannot be used as it is
 */
export async function usersFileStore (options: UsersFileOptions): Promise<UsersFileStore> {
  const { key, users } = await loadUsers(options.path, options.label)
  if ('mistakes' in users) throw new UsersFileError(users.mistakes)
  return new UsersFile(options, key, users)
}

class UsersFile implements UsersFileStore {
  readonly cacheMs = cacheMs
  readonly warnings: readonly string[]
  readonly sessions: SessionStore = {
    kind: 'users-file',
    standingOf: caller => this.isCurrent(caller) ? this.#standingOf(caller.name) : undefined,
    find: ({ login }) => this.#standingOf(login) ?? null
  }

  readonly #options: UsersFileOptions
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  /** What logins are decided by; swapped whole. */
  #users: Users
  /** The state of the path that was last read, whether or not it was taken. */
  readonly #stamps: Map<string, string>
  /** The last load; settled well in any case. */
  #loading: Promise<unknown> = Promise.resolve()

  constructor (options: UsersFileOptions, key: string, users: Users) {
    this.#options = options
    this.#stamps = new Map([[options.path, key]])
    this.#users = users
    this.warnings = users.warnings
    this.#watching = watchFiles({ stamps: this.#stamps, signal: this.#closing.signal, onChange: () => this.reload(), pollMs: options.pollMs })
  }

  get size (): number {
    return this.#users.callers.size
  }

  verify (name: string, password: string, login: LoginContext): Promise<Caller | null> {
    const { queue, decoyKey, verifyHash: verify = verifyHash } = this.#options
    return queue.run(login, async () => {
      const { callers, decoys } = this.#users
      const caller = callers.get(name)
      const right = await verify(caller?.hash ?? decoys.choose(name, decoyKey)!, password)
      // Who was removed while the hash ran is not let in any more.
      return right && caller && this.isCurrent(caller) ? caller : null
    })
  }

  isCurrent (caller: Caller): boolean {
    return this.#users.callers.get(caller.name) === caller
  }

  reload (): Promise<ReloadResult> {
    const result = this.#load()
    this.#loading = result.catch(() => {})
    return result
  }

  async close (): Promise<void> {
    this.#closing.abort()
    await this.#watching
    await this.#loading
  }

  #standingOf (name: string): Standing | undefined {
    const caller = this.#users.callers.get(name)
    return caller && { caller, credential: caller.hash }
  }

  readonly #load = coalesce(async (): Promise<ReloadResult> => {
    const { path, label, onReload } = this.#options
    // Before it is read, so that the watch does not report what is being read.
    this.#stamps.set(path, (await stampOf(path)).key)
    const { key, users } = await loadUsers(path, label, this.#users.callers)
    this.#stamps.set(path, key)
    if (!('mistakes' in users)) this.#users = users
    const result = { ...outcome(users, label), callers: this.size }
    onReload(result)
    return result
  })
}

function outcome (users: Users | Mistakes, label: string): Omit<ReloadResult, 'callers'> {
  return 'mistakes' in users
    ? { ok: false, message: `users file not taken: ${users.mistakes.join('; ')}`, mistakes: users.mistakes, warnings: [] }
    : { ok: true, message: `users file taken: ${label}`, mistakes: [], warnings: users.warnings }
}
