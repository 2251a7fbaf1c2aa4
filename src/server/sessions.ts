import type { SessionMemory } from '../callers/session/memory.js'
import { Sessions, type SessionsOptions } from '../callers/session/sessions.js'
import type { SessionStore } from '../callers/store.js'
import type { Settings } from '../settings/schema.js'
import { sessionSecrets, sessionTtl } from '../settings/sessions.js'

/** The sessions as the settings say; undefined where pages cannot open any. */
export function createSessions (settings: Settings, store: SessionStore, memory: SessionMemory, place: Omit<SessionsOptions['place'], 'publicUrl'>): Sessions | undefined {
  const ttl = sessionTtl(settings, store.kind === 'users-file' || store.kind === 'database')
  return ttl === 0
    ? undefined
    : new Sessions({
      secrets: sessionSecrets(settings),
      store,
      memory,
      place: { ...place, publicUrl: settings.PUBLIC_URL },
      ttl,
      tokenTtl: settings.TOKEN_TTL
    })
}

/** What a change of the settings does to the sessions that are open; undefined where they go on. */
export function endOfSessions (before: Sessions | undefined, after: Sessions | undefined, { SESSION_SECRET: secret }: Settings): string | undefined {
  if (before === undefined || after === undefined || after.keyIds.includes(before.keyIds[0]!)) return undefined
  return secret === undefined
    ? 'the API key has changed, and so all sessions have ended: everybody has to sign in again. Set SESSION_SECRET, and the next change of the key ends none'
    : 'SESSION_SECRET has changed, and so all sessions have ended: everybody has to sign in again. Write the old secret behind the new one, and the next change ends none'
}
