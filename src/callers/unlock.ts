import { canonicalName } from '../caller.js'
import { withLock } from '../files/lock.js'
import { writeAtomic } from '../files/write-atomic.js'
import type { SharedText } from '../limits/counters.js'
import { readUsersFile } from './users-file/edit.js'

/** Longer than the window in which wrong passwords count: when an entry is forgotten, the lock that it removed has ended anyway. */
const KEPT_MS = 3_600_000
/** Another command may change the text in between, so it is tried again. */
const MAX_TRIES = 20

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
 * Unlocks a name in a file that one broker watches. A link in its place is replaced, not followed: an account that may write in
 * this folder could otherwise make an operator's command create files elsewhere.
 * @param models files whose owner and mode a new file takes, so that the broker may read it; see `writeAtomic`
 * @throws LockError, or an error of the operating system
 */
export async function unlockInFile (path: string, models: readonly string[], name: string): Promise<void> {
  await withLock(path, async () => {
    const before = await readUsersFile(path)
    await writeAtomic(path, Buffer.from(withUnlocking(before.toString(), name)), models)
  })
}

/**
 * Unlocks a name on all nodes that share a text.
 * @returns false where Redis did not answer, or the text changed at each try
 */
export async function unlockShared (text: SharedText, name: string): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await text.read()
    const isDone = before === undefined ? undefined : await text.replace(before, withUnlocking(before, name), KEPT_MS)
    if (isDone !== false) return isDone === true
  }
  return false
}

/** One line for each name, as in `susan:2026-11-24T04:00:00.000Z`. Drops the names that were unlocked long ago. */
function withUnlocking (text: string, typed: string): string {
  const unlockings = (parseUnlockings(text) ?? []).filter(isRecent)
  const isOther = ({ name }: Unlocking): boolean => canonicalName(name) !== canonicalName(typed)
  // Brokers only take a later time, and the clock that wrote the last one may be ahead.
  const last = unlockings.find(one => !isOther(one))
  const at = new Date(Math.max(Date.now(), last === undefined ? 0 : Date.parse(last.at) + 1)).toISOString()
  return [...unlockings.filter(isOther), { name: typed, at }].map(({ name, at }) => `${name}:${at}\n`).join('')
}

/** Whether a lock from before the unlocking may still exist. */
export function isRecent ({ at }: Unlocking): boolean {
  return Date.parse(at) > Date.now() - KEPT_MS
}
