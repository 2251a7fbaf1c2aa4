import type { Settings } from './schema.js'
import { sessionLifetime } from './session-limits.js'

/**
 * Returns the lifetime of a session in seconds; 0 if sessions are off.
 * @param tellsChanges whether the store of callers reveals a changed password, so that older sessions can be ended
 */
export function sessionTtl ({ SESSION_TTL: ttl }: Partial<Settings>, tellsChanges: boolean): number {
  return ttl ?? (tellsChanges ? sessionLifetime.default : 0)
}

/** Returns the secrets of sessions; the first one signs. Without SESSION_SECRET, that is the API key's secret. */
export function sessionSecrets ({ SESSION_SECRET: secrets, TWILIO_API_KEY_SECRET: keySecret }: Pick<Settings, 'SESSION_SECRET' | 'TWILIO_API_KEY_SECRET'>): [string, ...string[]] {
  return secrets === undefined ? [keySecret] : secrets.trim().split(/\s+/) as [string, ...string[]]
}
