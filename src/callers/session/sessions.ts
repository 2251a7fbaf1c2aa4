import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem, problem } from '../../problems.js'
import type { Caller, LoginContext, SessionStore } from '../store.js'
import { fingerprintOf } from './fingerprint.js'
import { SessionKeys, type SessionKey } from './keys.js'
import type { SessionMemory } from './memory.js'
import { Nonces } from './nonce.js'
import { isFor, type ProofPlace } from './proof-url.js'
import { readProof, type Proof } from './proof.js'
import { seal, unseal, type SealedSession } from './seal.js'

export type { Proof } from './proof.js'

/** Seconds by which the clocks of a page and the broker may differ. */
const CLOCKS_DIFFER = 60

/** Seconds for which a nonce is taken at least. */
const NONCE_LIFE_MIN = 600

export interface SessionsOptions {
  /** One to three: the first seals, all unseal. */
  secrets: readonly [string, ...string[]]
  store: SessionStore
  memory: Pick<SessionMemory, 'ended' | 'proofKeys'>
  place: ProofPlace
  /** Seconds from the sign-in to a session's end. */
  ttl: number
  /** Seconds that a token lives by default. */
  tokenTtl: number
  /** Seconds since 1970. */
  now?: () => number
}

/** The request that a proof is for. */
export interface ProvenRequest {
  readonly method: string
  /** As it arrived, without the query. */
  readonly path: string
}

export interface OpenedSession {
  readonly session: string
  readonly id: string
  /** Seconds. */
  readonly expiresIn: number
  /** ISO 8601. */
  readonly expiresAt: string
  /** The broker's time, in seconds since 1970. */
  readonly now: number
}

/** A session that this broker sealed. */
export interface KnownSession {
  readonly id: string
  /** Whose it was at the sign-in. */
  readonly caller: Caller
  /** Seconds since 1970. */
  readonly ends: number
}

/** A session that its holder may use. */
export interface ProvenSession extends KnownSession {
  /** As the store has it now. */
  readonly caller: Caller
  /** Names the proof, to be used once. */
  readonly proof: string
}

export interface AuthenticateOptions {
  login: LoginContext
  /** Called once it is certain that this broker sealed the session. */
  onSealed: (session: KnownSession) => void
  /** Whether it is enough that the store does not say no: whoever signs out is not kept from it by an outage. */
  mayBeAway: boolean
}

/** What a page brings in the place of a password. */
export interface SessionCredentials {
  readonly session: string
  readonly proof: string | undefined
}

/** The ids of the keys that these secrets make, hexadecimal. Nodes whose first one is the same take each other's sessions. */
export function sessionKeyIds (secrets: readonly [string, ...string[]]): string[] {
  return new SessionKeys(secrets).ids
}

/** Sessions of pages, which this broker keeps nothing of: each says all itself, sealed, and is worth nothing without the key it was opened with. */
export class Sessions {
  readonly #keys: SessionKeys
  readonly #store: SessionStore
  readonly #memory: SessionsOptions['memory']
  readonly #place: ProofPlace
  readonly #ttl: number
  readonly #nonces: Nonces
  readonly #now: () => number

  constructor ({ secrets, store, memory, place, ttl, tokenTtl, now = () => Date.now() / 1000 }: SessionsOptions) {
    this.#keys = new SessionKeys(secrets)
    this.#store = store
    this.#memory = memory
    this.#place = place
    this.#ttl = ttl
    this.#nonces = new Nonces(this.#keys, Math.max(NONCE_LIFE_MIN, 2 * tokenTtl))
    this.#now = now
  }

  /** Hexadecimal, that of the sealing key first. */
  get keyIds (): string[] {
    return this.#keys.ids
  }

  /** For the next proof. */
  nonce (): string {
    return this.#nonces.current(this.#now())
  }

  /**
   * The proof that a session is to be opened with, as far as it can be judged without elliptic curves: before the password costs a hash.
   * @throws Problem `proof-wrong` or `proof-stale`
   */
  readOpening (proof: string | undefined, request: ProvenRequest): Proof {
    const read = this.#readProof(proof, request)
    if (read.ath !== undefined) throw problem('proof-wrong')
    this.#mustBeTimely(read)
    return read
  }

  /**
   * Opens a session, once the password was right.
   * @param name as it was typed, in NFC
   * @returns also what names the proof, to be used once
   * @throws Problem `proof-wrong`, `credentials-wrong` where the caller has changed since, or `identity-unsuitable` where the session would be too long to be taken
   */
  open (proof: Proof, name: string, caller: Caller): OpenedSession & { proof: string } {
    if (!this.#memory.proofKeys.isSigned(proof)) throw problem('proof-wrong')
    const standing = this.#store.standingOf(caller)
    if (standing === undefined) throw problem('credentials-wrong')
    const now = Math.floor(this.#now())
    const ends = now + this.#ttl
    const id = randomBytes(12).toString('base64url')
    const { first } = this.#keys
    const session = seal(first, {
      login: name,
      caller,
      version: standing.version,
      id,
      opened: now,
      ends,
      thumbprint: proof.thumbprint,
      fingerprint: fingerprintOf(first, this.#store.kind, name, standing)
    })
    if (session === undefined) throw problem('identity-unsuitable', { detail: 'The identity is too long for a session.' })
    return { session, id, expiresIn: this.#ttl, expiresAt: new Date(ends * 1000).toISOString(), now, proof: nameOf(proof) }
  }

  /**
   * Who asks. The order is the security: nothing is read before its MAC was right, no elliptic curve is computed for a proof that is wrong anyway, and the
   * store is asked only for the holder of the key.
   * @throws Problem `session-ended`, `proof-wrong`, `proof-stale`, `store-unavailable` or `overloaded`
   */
  async authenticate ({ session: text, proof: proofText }: SessionCredentials, request: ProvenRequest, { login, onSealed, mayBeAway }: AuthenticateOptions): Promise<ProvenSession> {
    const unsealed = unseal(this.#keys, text)
    if (unsealed === undefined) throw problem('session-ended')
    const { session, key } = unsealed
    const ends = Math.min(session.ends, session.opened + this.#ttl)
    onSealed({ id: session.id, caller: session.caller, ends })
    if (this.#now() >= ends || await this.#memory.ended.has(session.id)) throw problem('session-ended')
    const proof = this.#readProof(proofText, request)
    if (proof.ath !== hash('sha256', text, 'base64url')) throw problem('proof-wrong')
    if (proof.nonce === undefined || !this.#nonces.isFresh(proof.nonce, this.#now())) throw this.#stale()
    this.#mustBeTimely(proof)
    if (!timingSafeEqual(proof.thumbprint, session.thumbprint) || !this.#memory.proofKeys.isSigned(proof)) throw problem('proof-wrong')
    const caller = await this.#callerOf(session, key, login).catch((error: unknown) => {
      if (mayBeAway && error instanceof Problem && error.status >= 500) return session.caller
      throw error
    })
    return { caller, id: session.id, ends, proof: nameOf(proof) }
  }

  /** Ends a session for good. */
  async end ({ id, ends }: Pick<KnownSession, 'id' | 'ends'>): Promise<void> {
    await this.#memory.ended.add(id, Math.ceil(ends - this.#now()) * 1000)
  }

  /** The caller as the store has it now. */
  async #callerOf (session: SealedSession, key: SessionKey, login: LoginContext): Promise<Caller> {
    const { kind } = this.#store
    // What the store remembers may be of before the caller's new password, and this session of after it.
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

  #readProof (text: string | undefined, { method, path }: ProvenRequest): Proof {
    const proof = text === undefined ? undefined : readProof(text)
    if (proof === undefined || proof.htm !== method || !isFor(proof.htu, path, this.#place)) throw problem('proof-wrong')
    return proof
  }

  #mustBeTimely ({ iat }: Proof): void {
    if (Math.abs(iat - this.#now()) > CLOCKS_DIFFER) throw this.#stale()
  }

  #stale (): Problem {
    return problem('proof-stale', { now: Math.floor(this.#now()) })
  }
}

/** One key may use a `jti` once. */
function nameOf ({ thumbprint, jti }: Proof): string {
  return thumbprint.toString('base64url') + jti
}
