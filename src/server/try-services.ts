import { HashQueue } from '../callers/passwords/hash-queue.js'
import { openStore } from '../callers/stores/open.js'
import { warning, type Diagnostic } from '../lib/diagnostic.js'
import { collectWarnings } from '../lib/collect-warnings.js'
import { hasRemoteStore } from '../settings/rules.js'
import { openKeys } from './bearer.js'
import type { Config } from './config.js'
import { openCounters } from './open-counters.js'

/**
 * Opens a remote store of callers and Redis, and fetches the keys of the identity provider, as a start does; then closes all of them.
 * A service that does not answer is a warning with the code `unreachable`, because a start continues without it.
 * @param config without mistakes
 * @param offline only reads the keys, and only if they are in a file
 */
export async function tryServices (config: Config, cwd: string, offline = false): Promise<Diagnostic[]> {
  if (offline) return tryKeys(config, cwd)
  return (await Promise.all([tryStore(config, cwd), tryKeys(config, cwd), tryCounters(config, cwd)])).flat()
}

async function tryStore ({ settings }: Config, cwd: string): Promise<Diagnostic[]> {
  if (!hasRemoteStore(settings)) return []
  const { log, warnings } = collectWarnings()
  // Nobody signs in, so no hash threads are started.
  const { opened: store, mistakes } = await openStore(settings, { cwd, log, queue: new HashQueue(), mayStart: false })
  if (mistakes !== undefined) return [...mistakes]
  const unavailable = !store.ready
  await store.close()
  const setting = settings.LOGIN_URL === undefined ? 'DATABASE_URL' : 'LOGIN_URL'
  // A store that answers warns of a query without names only.
  return warnings.map(text => unavailable ? warning(setting, 'unreachable', text) : warning('USERS_QUERY', 'missing', text))
}

async function tryKeys (config: Config, cwd: string): Promise<Diagnostic[]> {
  const { opened: keys, mistakes } = await openKeys(config, { cwd, logger: collectWarnings().log })
  keys?.close()
  if (mistakes !== undefined) return [...mistakes]
  return keys?.ready === false
    ? [warning('JWT_ISSUER', 'unreachable', `JWT_ISSUER: its keys cannot be read, and until they can be, bearer tokens are refused: ${keys.failure ?? 'they were not received in time'}`)]
    : []
}

async function tryCounters ({ settings }: Config, cwd: string): Promise<Diagnostic[]> {
  const { log, warnings } = collectWarnings()
  const counters = await openCounters(settings, cwd, log)
  const unavailable = !counters.up
  counters.close()
  return warnings.map(text => warning('REDIS_URL', unavailable ? 'unreachable' : 'insecure', `REDIS_URL: ${text}`))
}
