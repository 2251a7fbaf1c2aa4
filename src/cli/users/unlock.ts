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

/** `users unlock NAME`: wrong passwords of a name count from zero, in all brokers that read these settings. */
export async function unlockUser (io: Io, typed: string): Promise<number> {
  const name = typed.normalize('NFC')
  const mistake = nameMistake(name)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const settings = await settingsOf(io)
  await requireUser(io, settings, name)
  const { where, outage } = await orFailure(unlockFile(usersFileOf(settings)), unlockName(settings, io.cwd, name))
  if (where === undefined) throw new Failure(exitCodes.unavailable, `nothing was unlocked: ${outage}`)
  io.stdout.write(`unlocked ${name} in ${where}: brokers that read it let this name try again within two seconds\nThe request limit of an address stays: a rate-limited answer ends by itself within a minute.\n`)
  return exitCodes.ok
}

/** @throws Failure where it is not certain where the brokers read unlocked names. Other mistakes do not matter here. */
async function settingsOf ({ env, cwd }: Io): Promise<Settings> {
  const { settings, diagnostics, unread } = await readStart(env, cwd)
  const faults = textsOf(diagnostics.filter(({ subject }) => subject.startsWith('REDIS_') || unread.has('REDIS_URL')), 'mistake')
  if (faults.length > 0) throw new Failure(exitCodes.settings, faults.join('\n'))
  return settings
}

/**
 * Databases and logins cannot be asked which names there are. Neither can an application around the broker: it has no users file, and
 * shares what is unlocked through Redis.
 * @throws Failure where there is no such user
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
