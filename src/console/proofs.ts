import { makeProofKey, prove, sha256, type ProofKey } from '../client/proof.js'
import { now } from './now.js'

// Tests check this file with Node's types, which know no pages.
declare const location: { href: string }

/** Makes the DPoP proofs of one session (RFC 9449). Its key cannot be read, and goes with the page. */
export class Proofs {
  readonly #key: ProofKey
  /** The claim that binds a proof to its session; undefined before there is one. */
  #ath: string | undefined
  #nonce: string | null = null
  /** Milliseconds by which the broker's clock is ahead of `now`. */
  #ahead = Date.now() - now()

  constructor (key: ProofKey) {
    this.#key = key
  }

  static async make (): Promise<Proofs> {
    return new Proofs(await makeProofKey())
  }

  async bind (session: string): Promise<void> {
    this.#ath = await sha256(session)
  }

  /** The header of one request. @param path relative to the page */
  async headers (method: string, path: string): Promise<{ DPoP: string }> {
    const { origin, pathname } = new URL(path, location.href)
    const claims = {
      htm: method,
      htu: origin + pathname,
      iat: Math.floor((now() + this.#ahead) / 1000),
      ath: this.#ath,
      ...(this.#nonce !== null && { nonce: this.#nonce })
    }
    return { DPoP: await prove(this.#key, claims) }
  }

  /** Takes the next nonce from an answer, and the broker's time where it says it. */
  learn ({ headers }: Response, answer: { now?: unknown } | undefined): void {
    this.#nonce = headers.get('DPoP-Nonce') ?? this.#nonce
    const seconds = answer?.now
    if (typeof seconds === 'number') this.#ahead = seconds * 1000 - now()
  }
}
