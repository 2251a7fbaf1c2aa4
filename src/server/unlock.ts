import { resolve } from 'node:path'
import { unlockFile, unlockInFile, unlockShared } from '../callers/unlock.js'
import { UnlockedNames } from '../callers/unlocked-names.js'
import { collectWarnings } from '../lib/collect-warnings.js'
import type { Log } from '../lib/log.js'
import type { CounterSource } from '../limits/counters.js'
import { defaultUsersFile, type Settings } from '../settings/schema.js'
import { openCounters } from './open-counters.js'

/** The use of the text that nodes share. */
const SHARED_TEXT = 'unlocked-names'

/** Opens the names that operators have unlocked: in Redis, if there is one, else in a file beside the users file. */
export function openUnlockedNames (settings: Settings, counters: CounterSource, cwd: string, log: Log): Promise<UnlockedNames> {
  const shared = counters.text?.(SHARED_TEXT)
  const file = fileOf(settings)
  return UnlockedNames.open({ shared, path: resolve(cwd, file), label: shared === undefined ? file : 'the list of unlocked names in Redis', log })
}

/**
 * Unlocks a name for all brokers that read these settings.
 * @returns where it was written, or why Redis could not be used
 * @throws LockError, or an error of the operating system
 */
export async function unlockName (
  settings: Settings,
  cwd: string,
  name: string
): Promise<{ where: string, outage?: never } | { where?: never, outage: string }> {
  if (settings.REDIS_URL === undefined) {
    const file = fileOf(settings)
    const models = [settings.USERS_FILE ?? defaultUsersFile, '.env'].map(path => resolve(cwd, path))
    await unlockInFile(resolve(cwd, file), models, name)
    return { where: file }
  }
  const { log, warnings } = collectWarnings()
  const counters = await openCounters(settings, cwd, log)
  try {
    return await unlockShared(counters.text!(SHARED_TEXT), name) ? { where: 'Redis' } : { outage: warnings.join('; ') || 'the list in Redis changed at each try' }
  } finally {
    counters.close()
  }
}

function fileOf ({ USERS_FILE: usersFile = defaultUsersFile }: Settings): string {
  return unlockFile(usersFile)
}
