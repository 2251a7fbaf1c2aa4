import { EndedSessions } from '../callers/session/ended.js'
import { SessionKeys } from '../callers/session/keys.js'
import { ProofKeys } from '../callers/session/proof-keys.js'
import { UsedProofs } from '../callers/session/replay.js'
import { Sessions, type SessionsOptions } from '../callers/session/sessions.js'
import type { SessionStore } from '../callers/store.js'
import type { CounterSource } from '../limits/counters.js'
import type { Settings } from '../settings/schema.js'
import { sessionSecrets, sessionTtl } from '../settings/sessions.js'

/** What is remembered of sessions. A reload leaves it as it is. */
export interface SessionMemory {
  ended: EndedSessions
  usedProofs: UsedProofs
  proofKeys: ProofKeys
}

export function sessionMemory ({ marks }: CounterSource): SessionMemory {
  return { ended: new EndedSessions(marks), usedProofs: new UsedProofs(marks), proofKeys: new ProofKeys() }
}

/** The sessions as the settings say; undefined where pages cannot open any. */
export function createSessions (settings: Settings, store: SessionStore, { ended, proofKeys }: SessionMemory, place: Omit<SessionsOptions['place'], 'publicUrl'>): Sessions | undefined {
  const ttl = sessionTtl(settings, store.kind === 'users-file' || store.kind === 'database')
  return ttl === 0
    ? undefined
    : new Sessions({
      keys: new SessionKeys(sessionSecrets(settings)),
      store,
      ended,
      proofKeys,
      place: { ...place, publicUrl: settings.PUBLIC_URL },
      ttl,
      tokenTtl: settings.TOKEN_TTL
    })
}

/** What a change of the settings does to the sessions that are open; undefined where they go on. */
export function endOfSessions (before: Sessions | undefined, after: Sessions | undefined, { SESSION_SECRET: secret }: Settings): string | undefined {
  if (before === undefined || after === undefined || after.keys.ids.includes(before.keys.ids[0]!)) return undefined
  return secret === undefined
    ? 'the API key has changed, and so all sessions have ended: everybody has to sign in again. Set SESSION_SECRET, and the next change of the key ends none'
    : 'SESSION_SECRET has changed, and so all sessions have ended: everybody has to sign in again. Write the old secret behind the new one, and the next change ends none'
}
