import { randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem, problem } from '../../problems.js'
import type { Caller, LoginContext, SessionStore } from '../store.js'
import { fingerprintOf } from './fingerprint.js'
import { SessionKeys, type SessionKey } from './keys.js'
import { ProofChecks } from './proof-checks.js'
import type { Proof } from './proof.js'
import { signSession, verifySession, type SessionData } from './signed-session.js'
import type { AuthenticateOptions, KnownSession, OpenedSession, ProvenRequest, ProvenSession, SessionCredentials, SessionsOptions } from './types.js'

export type { Proof } from './proof.js'
export type { KnownSession, ProvenRequest, ProvenSession, SessionsOptions } from './types.js'

/**
 * Sessions of pages. The broker stores none of them: each holds all its data, signed (HMAC) but not encrypted, and is useless without the
 * private key of the page that opened it.
 */
export class Sessions {
  readonly #keys: SessionKeys
  readonly #store: SessionStore
  readonly #ended: SessionsOptions['memory']['ended']
  readonly #proofs: ProofChecks
  readonly #ttl: number
  readonly #now: () => number

  constructor ({ secrets, store, memory: { ended, proofKeys }, target, ttl, tokenTtl, now = () => Date.now() / 1000 }: SessionsOptions) {
    this.#keys = new SessionKeys(secrets)
    this.#store = store
    this.#ended = ended
    this.#proofs = new ProofChecks({ keys: this.#keys, proofKeys, target, tokenTtl, now })
    this.#ttl = ttl
    this.#now = now
  }

  /** Hexadecimal; the first is the id of the key that signs new sessions. */
  get keyIds (): string[] {
    return this.#keys.ids
  }

  /** Returns the nonce for the next DPoP proof. */
  nonce (): string {
    return this.#proofs.nonce()
  }

  /**
   * Checks everything of a DPoP proof for opening a session except its signature. It is cheap, so do it before the password costs a hash.
   * @throws Problem `proof-wrong` or `proof-stale`
   */
  readOpening (proof: string | undefined, request: ProvenRequest): Proof {
    return this.#proofs.readOpening(proof, request)
  }

  /**
   * Opens a session. Call it only after the password was found right.
   * @param name the name that the user typed, normalized to NFC; `caller.name` is the store's spelling of it
   * @returns the session; `proof` identifies the DPoP proof, which may be used once
   * @throws Problem `proof-wrong`, `credentials-wrong` where the caller has changed since, or `identity-unsuitable` where the session would
   * be too long
   */
  open (proof: Proof, name: string, caller: Caller): OpenedSession & { proof: string } {
    if (!this.#proofs.isSigned(proof)) throw problem('proof-wrong')
    const standing = this.#store.standingOf(caller)
    if (standing === undefined) throw problem('credentials-wrong')
    const now = Math.floor(this.#now())
    const ends = now + this.#ttl
    const id = randomBytes(12).toString('base64url')
    const { first } = this.#keys
    const session = signSession(first, {
      login: name,
      caller: { ...caller, groups: standing.groups },
      version: standing.version,
      id,
      opened: now,
      ends,
      thumbprint: proof.thumbprint,
      fingerprint: fingerprintOf(first, this.#store.kind, name, standing)
    })
    if (session === undefined) throw problem('identity-unsuitable', { detail: 'The identity and the groups of this caller are too long for a session: sign in with each request.' })
    return { session, id, expiresIn: this.#ttl, expiresAt: new Date(ends * 1000).toISOString(), now, proof: proofId(proof) }
  }

  /**
   * Finds the caller of a session. The order is the security: nothing of a session is read before its MAC was verified, no signature is
   * verified for a proof that is wrong anyway, and the store is asked only for the holder of the key.
   * @throws Problem `session-ended`, `proof-wrong`, `proof-stale`, `store-unavailable` or `overloaded`
   */
  async authenticate (
    credentials: SessionCredentials,
    request: ProvenRequest,
    { login, onVerified, allowOutage }: AuthenticateOptions
  ): Promise<ProvenSession> {
    const verified = verifySession(this.#keys, credentials.session)
    if (verified === undefined) throw problem('session-ended')
    const { session, key } = verified
    const ends = Math.min(session.ends, session.opened + this.#ttl)
    onVerified({ id: session.id, caller: session.caller, ends })
    if (this.#now() >= ends || await this.#ended.has(session.id)) throw problem('session-ended')
    const proof = await this.#proofs.check(credentials, request, session.thumbprint)
    const caller = await this.#callerOf(session, key, login).catch((error: unknown) => {
      if (allowOutage && error instanceof Problem && error.status >= 500) return session.caller
      throw error
    })
    return { caller, id: session.id, ends, proof: proofId(proof) }
  }

  /** Ends a session for good. Resolves once all nodes refuse it. */
  async end ({ id, ends }: Pick<KnownSession, 'id' | 'ends'>): Promise<void> {
    await this.#ended.add(id, Math.ceil(ends - this.#now()) * 1000)
  }

  /** Returns the caller as the store has it now, if nothing changed that ends the session. */
  async #callerOf (session: SessionData, key: SessionKey, login: LoginContext): Promise<Caller> {
    const { kind } = this.#store
    // A cached answer may be older than this session, from before the caller changed the password. Then the store is asked again.
    for (const after of [undefined, session.opened]) {
      const found = await this.#store.find(session, login, after)
      if (found === 'ended') {
        await this.end(session)
        break
      }
      if (found !== null && timingSafeEqual(fingerprintOf(key, kind, session.login, found), session.fingerprint)) return found.caller
    }
    throw problem('session-ended')
  }
}

/** A key may use each `jti` only once. */
function proofId ({ thumbprint, jti }: Proof): string {
  return thumbprint.toString('base64url') + jti
}
