import { nameMistake } from '../../caller.js'
import { unlockFile } from '../../callers/unlock.js'
import { namesIn } from '../../callers/users-file/edit.js'
import { textsOf } from '../../lib/diagnostic.js'
import { readStart } from '../../server/config.js'
import { unlockName } from '../../server/unlock.js'
import { hasRemoteStore } from '../../settings/rules.js'
import { defaultUsersFile, type Settings } from '../../settings/schema.js'
import { orFailure } from '../file-failure.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { bytesOf, unknownUser } from './file.js'

/** `users unlock NAME`: resets the count of wrong passwords of a name, in all brokers with these settings. */
export async function unlockUser (io: Io, typed: string): Promise<number> {
  const name = typed.normalize('NFC')
  const mistake = nameMistake(name)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const settings = await settingsOf(io)
  await requireUser(io, settings, name)
  const { where, outage } = await orFailure(unlockFile(usersFileOf(settings)), unlockName(settings, io.cwd, name))
  if (where === undefined) throw new Failure(exitCodes.unavailable, `nothing was unlocked: ${outage}`)
  io.stdout.write(`unlocked ${name} in ${where}: brokers that read it let this name try again within two seconds\nThis does not change the request limit of an address, which ends within a minute.\n`)
  return exitCodes.ok
}

/** @throws Failure if a mistake makes it unclear where the brokers read unlocked names. Other mistakes are ignored. */
async function settingsOf ({ env, cwd }: Io): Promise<Settings> {
  const { settings, diagnostics, unread } = await readStart(env, cwd)
  const faults = textsOf(diagnostics.filter(({ subject }) => subject.startsWith('REDIS_') || unread.has('REDIS_URL')), 'mistake')
  if (faults.length > 0) throw new Failure(exitCodes.settings, faults.join('\n'))
  return settings
}

/**
 * Checks that the users file has this name. Other stores cannot list their names. Neither can an application that contains the broker: it
 * has no users file, and its brokers read unlocked names from Redis.
 * @throws Failure if there is no such user
 */
async function requireUser (io: Io, settings: Settings, name: string): Promise<void> {
  if (hasRemoteStore(settings)) return
  const context = { io, file: usersFileOf(settings) }
  const bytes = await bytesOf(context)
  const isApplication = bytes.length === 0 && settings.REDIS_URL !== undefined
  if (!namesIn(bytes).includes(name) && !isApplication) throw unknownUser(context, name, bytes)
}

function usersFileOf ({ USERS_FILE: file = defaultUsersFile }: Settings): string {
  return file
}
