import type { Settings } from './schema.js'
import { sessionLife } from './session-limits.js'

/**
 * Seconds that a session lives; 0 where there are none.
 * @param tellsChanges whether the store of callers shows a changed password, so that it ends the sessions from before
 */
export function sessionTtl ({ SESSION_TTL: ttl }: Partial<Settings>, tellsChanges: boolean): number {
  return ttl ?? (tellsChanges ? sessionLife.default : 0)
}

/** The secrets of sessions, the one that seals first. Without one of their own, they are sealed by the API key's. */
export function sessionSecrets ({ SESSION_SECRET: secrets, TWILIO_API_KEY_SECRET: keySecret }: Pick<Settings, 'SESSION_SECRET' | 'TWILIO_API_KEY_SECRET'>): [string, ...string[]] {
  return secrets === undefined ? [keySecret] : secrets.trim().split(/\s+/) as [string, ...string[]]
}
