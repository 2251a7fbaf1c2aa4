import { randomUUID } from 'node:crypto'
import { readlink, rm, symlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from './errno.js'

/** Another process did not release the lock in time. The message says which file to remove if no process is running. */
export class LockError extends Error {
  override readonly name = 'LockError'
}

export interface LockOptions {
  /** Milliseconds to wait for another process. Default: 5000. */
  timeoutMs?: number
}

/** Milliseconds between two tries. */
const RETRY_MS = 25

/**
 * Runs `work` while no other process on this machine does the same, by a lock beside the file.
 * The lock is a dangling symbolic link whose target names its owner, like Emacs' locks: link and target are created in one step, so no
 * process ever sees a lock without an owner.
 * @throws LockError when another process holds the lock until the timeout
 */
export async function withLock<T> (file: string, work: () => Promise<T>, { timeoutMs = 5000 }: LockOptions = {}): Promise<T> {
  const lock = `${file}.lock`
  const deadline = performance.now() + timeoutMs
  while (!await acquire(lock)) {
    if (await removeStale(lock)) continue
    if (performance.now() >= deadline) throw new LockError(`another command is writing ${file}; if none is, run: rm ${lock}`)
    await sleep(RETRY_MS)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/** @returns false if the lock exists already */
async function acquire (path: string): Promise<boolean> {
  try {
    await symlink(`${process.pid}@${hostname()}:${randomUUID()}`, path)
    return true
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    return false
  }
}

/**
 * Removes the lock of a process that died. Two processes that find it dead must not remove it one after the other: the second would
 * remove the lock that the first has taken by then. So the remover takes a second lock, named after the dead one, and checks again.
 * @returns whether to try again without a pause
 */
async function removeStale (lock: string): Promise<boolean> {
  const owner = await ownerOf(lock)
  const [, pid, host, id] = /^(\d+)@(.*):([0-9a-f-]{36})$/.exec(owner) ?? []
  // It is impossible to tell whether a process on another machine is running.
  if (host !== hostname() || !isDead(Number(pid))) return false
  const guard = `${lock}.${id}`
  if (!await acquire(guard)) return false
  try {
    if (await ownerOf(lock) === owner) await rm(lock)
    return true
  } finally {
    await rm(guard)
  }
}

/** Returns the lock's target; empty if the lock is gone or is not a symbolic link. */
function ownerOf (lock: string): Promise<string> {
  return readlink(lock).catch(() => '')
}

function isDead (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return errorCode(error) === 'ESRCH'
  }
}
