import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

export const KEY_ID_BYTES = 4

/** Keys that are derived from one secret. Each use has its own, so that nothing made for one use is valid for another. */
export interface SessionKey {
  /** Identifies the secret without revealing it. */
  readonly id: Buffer
  readonly mac: KeyObject
  readonly fingerprint: KeyObject
  readonly nonce: KeyObject
}

/** The keys of one to three secrets. The first signs and all verify, so that a secret can be replaced without ending sessions. */
export class SessionKeys {
  readonly first: SessionKey
  readonly #all: readonly SessionKey[]

  constructor (secrets: readonly [string, ...string[]]) {
    this.#all = secrets.map(deriveKey)
    this.first = this.#all[0]!
  }

  withId (id: Buffer): SessionKey | undefined {
    return this.#all.find(key => key.id.equals(id))
  }

  /** Hexadecimal; that of the key that signs new sessions first. Nodes with the same first id accept each other's sessions. */
  get ids (): string[] {
    return this.#all.map(({ id }) => id.toString('hex'))
  }
}

function deriveKey (secret: string): SessionKey {
  return {
    id: derive(secret, 'session key id', KEY_ID_BYTES),
    mac: createSecretKey(derive(secret, 'session mac', 32)),
    fingerprint: createSecretKey(derive(secret, 'session fingerprint', 32)),
    nonce: createSecretKey(derive(secret, 'session nonce', 32))
  }
}

/** RFC 5869 */
function derive (secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'twilio-token-broker', info, bytes))
}
