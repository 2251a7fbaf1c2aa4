import type { Caller, FoundStanding, SessionHolder, SessionStore, Standing } from '../../src/callers/store.js'
import { createSessionMemory } from '../../src/callers/session/memory.js'
import { Sessions, type SessionsOptions } from '../../src/callers/session/sessions.js'
import { Problem } from '../../src/problems.js'
import { athOf, PageKey, type ProofParts } from './dpop.js'

export const secret = 'a secret of at least 32 characters'
export const susan: Caller = { name: 'susan', identity: 'susan' }
export const origin = 'https://tokens.example.com'
export const use = { method: 'POST', path: '/token/video' }
const opening = { method: 'POST', path: '/session' }
const login = { ip: '192.0.2.1', signal: new AbortController().signal }

/** One caller, who can be changed. */
export function oneCaller (standing: Standing = { caller: susan, credential: 'hash' }) {
  const store = {
    kind: 'users-file' as SessionStore['kind'],
    found: standing as FoundStanding,
    asked: [] as SessionHolder[],
    standingOf: (caller: Caller) => caller === standing.caller ? standing : undefined,
    find (holder: SessionHolder) {
      store.asked.push(holder)
      return store.found
    }
  }
  return store
}

/** The sessions of one caller. The clock stands where it is put. */
export function sessionsOf ({ secrets = [secret], store = oneCaller(), ...options }: Partial<Omit<SessionsOptions, 'store' | 'secrets'>> & { secrets?: string[], store?: ReturnType<typeof oneCaller> } = {}) {
  let now = Date.now() / 1000
  const sessions = new Sessions({
    secrets: secrets as [string],
    store,
    memory: createSessionMemory({}),
    target: { publicUrl: undefined, ownOrigins: new Set<string>(), prefix: '' },
    ttl: 43_200,
    tokenTtl: 3600,
    now: () => now,
    ...options
  })
  const page = new PageKey()
  return {
    sessions,
    store,
    page,
    now: () => Math.floor(now),
    pass (seconds: number) { now += seconds },

    open ({ claims = {}, ...parts }: ProofParts = {}, name = 'susan', caller = susan) {
      const proof = page.proof({ ...parts, claims: { htu: `${origin}/session`, iat: Math.floor(now), ...claims } })
      return sessions.open(sessions.readOpening(proof, opening), name, caller)
    },

    /** The claims of a proof that is right for a session. */
    rightFor: (session: string) => ({ htm: 'POST', htu: `${origin}/token/video`, iat: Math.floor(now), ath: athOf(session), nonce: sessions.nonce() }),

    async authenticate (session: string, proof: string | undefined, request = use) {
      const verified: Array<{ id: string, caller: Caller }> = []
      const answer = await sessions.authenticate({ session, proof }, request, { login, onVerified: known => verified.push(known), allowOutage: false }).catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error
        return { code: error.code, now: error.options.now }
      })
      return { ...answer, verified }
    },

    /** Uses a session with a proof that is right but for what is given. */
    async use (session: string, claims: object = {}, request = use) {
      return this.authenticate(session, page.proof({ claims: { ...this.rightFor(session), ...claims } }), request)
    }
  }
}
