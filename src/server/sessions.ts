import type { SessionMemory } from '../callers/session/memory.js'
import { Sessions, type SessionsOptions } from '../callers/session/sessions.js'
import type { SessionStore } from '../callers/store.js'
import type { Log } from '../lib/log.js'
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

/** Logs the key that signs sessions. Nodes with the same first key accept each other's sessions. */
export function logSessionKeys (logger: Log, sessions: Sessions | undefined): void {
  if (sessions === undefined) return
  const [keyId, ...others] = sessions.keyIds
  logger.info({ keyId, alsoTaken: others.length === 0 ? undefined : others }, 'sessions are signed by this key')
}

/** Logs what a change of the settings does to sessions: that it ended all of them, or that another key signs the next ones. */
export function logChangedSessionKeys (logger: Log, before: Sessions | undefined, after: Sessions | undefined, settings: Settings): void {
  const ended = endOfSessions(before, after, settings)
  if (ended !== undefined) logger.warn(ended)
  if (String(before?.keyIds) !== String(after?.keyIds)) logSessionKeys(logger, after)
}

/** Says why a change of the settings has ended all open sessions; undefined where they stay valid. */
function endOfSessions (
  before: Sessions | undefined,
  after: Sessions | undefined,
  { SESSION_SECRET: secret }: Settings
): string | undefined {
  if (before === undefined || after === undefined || after.keyIds.includes(before.keyIds[0]!)) return undefined
  return secret === undefined
    ? 'the API key has changed, which ended all sessions: everybody has to sign in again. Set SESSION_SECRET to keep sessions when the key changes'
    : 'SESSION_SECRET has changed, which ended all sessions: everybody has to sign in again. To keep sessions at the next change, write the old secret after the new one'
}
