import type { SessionMemory } from '../callers/session/memory.js'
import { Sessions, type SessionsOptions } from '../callers/session/sessions.js'
import type { SessionStore } from '../callers/store.js'
import type { Settings } from '../settings/schema.js'
import { sessionSecrets, sessionTtl } from '../settings/sessions.js'

/** Creates sessions according to the settings; undefined where sessions are off. */
export function createSessions (settings: Settings, store: SessionStore | undefined, memory: SessionMemory, target: Omit<SessionsOptions['target'], 'publicUrl'>): Sessions | undefined {
  if (store === undefined) return undefined
  const ttl = sessionTtl(settings, store.kind === 'users-file' || store.kind === 'database')
  return ttl === 0
    ? undefined
    : new Sessions({
      secrets: sessionSecrets(settings),
      store,
      memory,
      target: { ...target, publicUrl: settings.PUBLIC_URL },
      ttl,
      tokenTtl: settings.TOKEN_TTL
    })
}

/** Says why a change of the settings has ended all open sessions; undefined where they stay valid. */
export function endOfSessions (before: Sessions | undefined, after: Sessions | undefined, { SESSION_SECRET: secret }: Settings): string | undefined {
  if (before === undefined || after === undefined || after.keyIds.includes(before.keyIds[0]!)) return undefined
  return secret === undefined
    ? 'the API key has changed, which ended all sessions: everybody has to sign in again. Set SESSION_SECRET to keep sessions when the key changes'
    : 'SESSION_SECRET has changed, which ended all sessions: everybody has to sign in again. To keep sessions at the next change, write the old secret after the new one'
}
