import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64url } from '../../lib/base64url.js'
import { KEY_ID_BYTES, type SessionKey, type SessionKeys } from './keys.js'

/** Layout in bytes: key id 4, seconds since 1970 6, MAC 16. */
const TIME_AT = KEY_ID_BYTES
const MAC_AT = TIME_AT + 6
const MAC_BYTES = 16

/** The clock of the node that made a nonce may be ahead of ours by this much. */
const MAX_AHEAD_SECONDS = 60

/**
 * Nonces for DPoP proofs (RFC 9449 §8). They limit how long a proof can be used that was signed in advance with a date in the future. Each
 * nonce holds the time it was made and a MAC of that, so that no node has to store any.
 */
export class Nonces {
  readonly #keys: SessionKeys
  readonly #maxAge: number
  #current = { time: NaN, nonce: '' }

  /** @param maxAge seconds for which a nonce is valid */
  constructor (keys: SessionKeys, maxAge: number) {
    this.#keys = keys
    this.#maxAge = maxAge
  }

  /**
   * Returns a nonce of this second.
   * @param now seconds since 1970
   */
  current (now: number): string {
    const time = Math.floor(now)
    if (this.#current.time !== time) this.#current = { time, nonce: this.#make(time) }
    return this.#current.nonce
  }

  /** Whether a node with one of the keys made it recently enough. */
  isFresh (nonce: string, now: number): boolean {
    const bytes = nonce.length > 64 ? undefined : decodeBase64url(nonce)
    if (bytes?.length !== MAC_AT + MAC_BYTES) return false
    const key = this.#keys.withId(bytes.subarray(0, TIME_AT))
    if (key === undefined || !timingSafeEqual(macOf(key, bytes.subarray(0, MAC_AT)), bytes.subarray(MAC_AT))) return false
    const age = Math.floor(now) - bytes.readUIntBE(TIME_AT, 6)
    return age <= this.#maxAge && age >= -MAX_AHEAD_SECONDS
  }

  #make (time: number): string {
    const { first } = this.#keys
    const body = Buffer.alloc(MAC_AT)
    first.id.copy(body)
    body.writeUIntBE(time, TIME_AT, 6)
    return Buffer.concat([body, macOf(first, body)]).toString('base64url')
  }
}

function macOf ({ nonce }: SessionKey, body: Buffer): Buffer {
  return createHmac('sha256', nonce).update(body).digest().subarray(0, MAC_BYTES)
}
