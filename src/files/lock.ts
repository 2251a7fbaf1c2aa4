import { randomUUID } from 'node:crypto'
import { readlink, rm, symlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from './errno.js'

/** A lock that another process does not give back. */
export class LockError extends Error {
  override readonly name = 'LockError'
}

export interface LockOptions {
  /** Milliseconds to wait for another process. */
  patience?: number
}

/** Milliseconds between two tries. */
const retryEvery = 25

/**
 * Does some work while no other process on this machine does the same, by a lock beside the file.
 * The lock is a symbolic link to nowhere that says who holds it, as Emacs makes them:
 * made in one step with its text, so that nobody ever sees a lock without an owner.
 * @throws LockError when another process holds the lock all the time
 */
export async function withLock<T> (file: string, work: () => Promise<T>, { patience = 5000 }: LockOptions = {}): Promise<T> {
  const lock = `${file}.lock`
  const deadline = performance.now() + patience
  while (!await take(lock)) {
    if (await removeDead(lock)) continue
    if (performance.now() >= deadline) throw new LockError(`another command is writing ${file}; if none is, run: rm ${lock}`)
    await sleep(retryEvery)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/** Makes the link, unless there is one. */
async function take (path: string): Promise<boolean> {
  try {
    await symlink(`${process.pid}@${hostname()}:${randomUUID()}`, path)
    return true
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    return false
  }
}

/**
 * Removes the lock of a process that died. Two that find it dead must not remove it one after the other, or the second
 * would remove the lock that the first then took: who removes it holds a second lock meanwhile, named after the dead one,
 * and looks again.
 * @returns whether it is worth trying at once
 */
async function removeDead (lock: string): Promise<boolean> {
  const holder = await holderOf(lock)
  const [, pid, host, id] = /^(\d+)@(.*):([0-9a-f-]{36})$/.exec(holder) ?? []
  // Of a process on another machine nothing is known.
  if (host !== hostname() || !isDead(Number(pid))) return false
  const guard = `${lock}.${id}`
  if (!await take(guard)) return false
  try {
    if (await holderOf(lock) === holder) await rm(lock)
    return true
  } finally {
    await rm(guard)
  }
}

/** The lock's text; empty when it is gone, or no lock of ours. */
function holderOf (lock: string): Promise<string> {
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
