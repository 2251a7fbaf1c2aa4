import type { KeyObject } from 'node:crypto'
import { textOf, type Diagnostic } from '../../lib/diagnostic.js'
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
  /** Bounds the hashes of this process. */
  queue: HashQueue
  /** Chooses the hash that is verified for an unknown name; see `decoyKey`. */
  decoyKey: KeyObject
  /** By default in threads of their own. */
  verifyHash?: VerifyHash | undefined
  /** Called after every reload, whether the file changed or `reload` was called. */
  onReload: (result: ReloadResult) => void
  /** Milliseconds between two polls of the file; see `watchFiles`. */
  pollMs?: number
}

export interface ReloadResult {
  /** Whether the file was accepted. If not, the previous callers stay. */
  readonly ok: boolean
  /** One line for the log; names the file and the lines at fault. */
  readonly message: string
  readonly mistakes: readonly Diagnostic[]
  readonly warnings: readonly Diagnostic[]
  /** Number of callers after the reload. */
  readonly callers: number
}

export interface UsersFileStore extends CallerStore {
  /** Warnings about the file as it was at the start. */
  readonly warnings: readonly Diagnostic[]
  /** Number of callers. */
  readonly size: number
  hasName (name: string): boolean
  readonly sessions: SessionStore
  /** Reads the file now, as on SIGHUP. Never rejects because of the file's content. */
  reload (): Promise<ReloadResult>
}

/** A users file that cannot be used. */
export class UsersFileError extends Error {
  override readonly name = 'UsersFileError'

  constructor (readonly mistakes: readonly Diagnostic[]) {
    super(mistakes.map(textOf).join('; '))
  }
}

/**
 * Bounds only how long an unused login stays in memory: a caller who is changed or removed is no longer `isCurrent` once the file is read
 * again.
 */
const CACHE_MS = 15 * 60_000

/**
 * Opens the users file as a store. Takes over changes of the file within a second; a file with a mistake changes nothing.
 * @throws UsersFileError when the file cannot be used
 */
export async function usersFileStore (options: UsersFileOptions): Promise<UsersFileStore> {
  const { key, users } = await loadUsers(options.path, options.label)
  if ('mistakes' in users) throw new UsersFileError(users.mistakes)
  return new UsersFile(options, key, users)
}

class UsersFile implements UsersFileStore {
  readonly cacheMs = CACHE_MS
  readonly warnings: readonly Diagnostic[]
  readonly sessions: SessionStore = {
    kind: 'users-file',
    standingOf: caller => this.isCurrent(caller) ? this.#standingOf(caller.name) : undefined,
    find: ({ login }) => this.#standingOf(login) ?? null
  }

  readonly #options: UsersFileOptions
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  /** Replaced as a whole by a reload. */
  #users: Users
  /** The stamp of the file that was last read, whether or not it was accepted. */
  readonly #stamps: Map<string, string>
  /** The last load; never rejects. */
  #loading: Promise<unknown> = Promise.resolve()

  constructor (options: UsersFileOptions, key: string, users: Users) {
    this.#options = options
    this.#stamps = new Map([[options.path, key]])
    this.#users = users
    this.warnings = users.warnings
    this.#watching = watchFiles({
      stamps: this.#stamps,
      signal: this.#closing.signal,
      onChange: () => this.reload(),
      pollMs: options.pollMs
    })
  }

  hasName (name: string): boolean {
    return this.#users.callers.has(name)
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
      // Refuses a caller who was removed while the hash ran.
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
    // Set before reading, so that the watch does not report this change as well.
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
    ? { ok: false, message: `users file rejected, the previous callers stay: ${users.mistakes.map(textOf).join('; ')}`, mistakes: users.mistakes, warnings: [] }
    : { ok: true, message: `users file reloaded: ${label}`, mistakes: [], warnings: users.warnings }
}
