import { hash, timingSafeEqual } from 'node:crypto'
import { problem, type Problem } from '../../problems.js'
import type { SessionKeys } from './keys.js'
import { Nonces } from './nonce.js'
import type { ProofKeys } from './proof-keys.js'
import { matchesUrl, type ProofTarget } from './proof-url.js'
import { readProof, type Proof } from './proof.js'
import type { ProvenRequest, SessionCredentials } from './types.js'

/** The clocks of a page and the broker may differ by this much. */
const MAX_CLOCK_SKEW_SECONDS = 60

const MIN_NONCE_TTL_SECONDS = 600

export interface ProofChecksOptions {
  keys: SessionKeys
  proofKeys: ProofKeys
  target: ProofTarget
  /** Seconds that a token lives by default. */
  tokenTtl: number
  /** Seconds since 1970. */
  now: () => number
}

/** Checks the DPoP proofs of requests (RFC 9449 §4.3). */
export class ProofChecks {
  readonly #nonces: Nonces
  readonly #proofKeys: ProofKeys
  readonly #target: ProofTarget
  readonly #now: () => number

  constructor ({ keys, proofKeys, target, tokenTtl, now }: ProofChecksOptions) {
    this.#nonces = new Nonces(keys, Math.max(MIN_NONCE_TTL_SECONDS, 2 * tokenTtl))
    this.#proofKeys = proofKeys
    this.#target = target
    this.#now = now
  }

  /** Returns the nonce for the next DPoP proof. */
  nonce (): string {
    return this.#nonces.current(this.#now())
  }

  /**
   * Checks everything of a proof for opening a session except its signature, which `isSigned` checks once the password was right.
   * @throws Problem `proof-wrong` or `proof-stale`
   */
  readOpening (text: string | undefined, request: ProvenRequest): Proof {
    const proof = this.#read(text, request)
    if (proof.ath !== undefined) throw problem('proof-wrong')
    this.#mustBeCurrent(proof)
    return proof
  }

  /**
   * Checks a proof for using a session. The signature comes last, because it costs the most.
   * @param thumbprint of the key that the session is bound to
   * @throws Problem `proof-wrong` or `proof-stale`
   */
  async check ({ session, proof: text }: SessionCredentials, request: ProvenRequest, thumbprint: Buffer): Promise<Proof> {
    const proof = this.#read(text, request)
    if (proof.ath !== hash('sha256', session, 'base64url')) throw problem('proof-wrong')
    if (proof.nonce === undefined || !this.#nonces.isFresh(proof.nonce, this.#now())) throw this.#stale()
    this.#mustBeCurrent(proof)
    if (!timingSafeEqual(proof.thumbprint, thumbprint)) throw problem('proof-wrong')
    await this.#proofKeys.turnFor(proof)
    // It may have waited until its mark as used is forgotten elsewhere.
    this.#mustBeCurrent(proof)
    if (!this.isSigned(proof)) throw problem('proof-wrong')
    return proof
  }

  isSigned (proof: Proof): boolean {
    return this.#proofKeys.isSigned(proof)
  }

  #read (text: string | undefined, { method, path }: ProvenRequest): Proof {
    const proof = text === undefined ? undefined : readProof(text, encoded => this.#proofKeys.readHeader(encoded))
    if (proof === undefined || proof.htm !== method || !matchesUrl(proof.htu, path, this.#target)) throw problem('proof-wrong')
    return proof
  }

  #mustBeCurrent ({ iat }: Proof): void {
    if (Math.abs(iat - this.#now()) > MAX_CLOCK_SKEW_SECONDS) throw this.#stale()
  }

  #stale (): Problem {
    return problem('proof-stale', { now: Math.floor(this.#now()) })
  }
}
