import { canonicalName } from '../caller.js'
import { withLock } from '../files/lock.js'
import { resolveLinks, writeAtomic } from '../files/write-atomic.js'
import type { SharedText } from '../limits/counters.js'
import { readUsersFile } from './users-file/edit.js'

/** Longer than the window of guesses: a lock of before has ended when its unlocking is forgotten. */
const KEPT_MS = 3_600_000

/** A name that an operator has unlocked. */
export interface Unlocking {
  /** As the operator typed it. */
  name: string
  /** ISO 8601. */
  at: string
}

/** The file in which names are unlocked where there is no Redis. @param usersFile as USERS_FILE names it */
export function unlockFile (usersFile: string): string {
  return `${usersFile}.unlocked`
}

/**
 * Reads what `withUnlocking` wrote.
 * @returns undefined where it is something else
 */
export function parseUnlockings (text: string): Unlocking[] | undefined {
  const found = text.split('\n').slice(0, -1).map(line => /^([^:]+):(\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(line))
  if (found.includes(null) || !/(^|\n)$/.test(text)) return undefined
  return found.map(match => ({ name: match![1]!, at: match![2]! }))
}

/**
 * Unlocks a name in a file that one broker watches.
 * @param models files whose owner and mode a new file takes, so that the broker may read it; see `writeAtomic`
 * @throws LockError, or an error of the operating system
 */
export async function unlockInFile (path: string, models: readonly string[], name: string): Promise<void> {
  const target = await resolveLinks(path)
  await withLock(target, async () => {
    const before = await readUsersFile(target)
    await writeAtomic(target, Buffer.from(withUnlocking(before.toString(), name)), models)
  })
}

/**
 * Unlocks a name on all nodes that share a text.
 * @returns false where Redis did not answer
 */
export async function unlockShared (text: SharedText, name: string): Promise<boolean> {
  let isDone: boolean | undefined = false
  while (isDone === false) {
    const before = await text.read()
    isDone = before === undefined ? undefined : await text.replace(before, withUnlocking(before, name), KEPT_MS)
  }
  return isDone === true
}

/** One line for each name, as in `susan:2026-11-24T04:00:00.000Z`. Drops the names that were unlocked long ago. */
function withUnlocking (text: string, name: string): string {
  const now = new Date()
  const oldest = new Date(now.getTime() - KEPT_MS).toISOString()
  const others = (parseUnlockings(text) ?? []).filter(other => other.at > oldest && canonicalName(other.name) !== canonicalName(name))
  return [...others, { name, at: now.toISOString() }].map(({ name, at }) => `${name}:${at}\n`).join('')
}
