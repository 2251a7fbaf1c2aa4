import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64url } from './base64url.js'
import { KEY_ID_BYTES, type SessionKey, type SessionKeys } from './keys.js'

/** key id 4 | seconds since 1970 6 | mac 16 */
const TIME_AT = KEY_ID_BYTES
const MAC_AT = TIME_AT + 6
const MAC_BYTES = 16

/** Seconds by which the clock of the node that made it may be ahead. */
const AHEAD_MAX = 60

/**
 * The nonces of proofs (RFC 9449 §8). Each carries the time it was made, so that no node has to remember any.
 * They bound how long proofs that were signed for later can be used.
 */
export class Nonces {
  readonly #keys: SessionKeys
  readonly #ageMax: number
  #current = { time: NaN, nonce: '' }

  /** @param ageMax seconds for which one is taken */
  constructor (keys: SessionKeys, ageMax: number) {
    this.#keys = keys
    this.#ageMax = ageMax
  }

  /** @param now seconds since 1970 */
  current (now: number): string {
    const time = Math.floor(now)
    if (this.#current.time !== time) this.#current = { time, nonce: this.#make(time) }
    return this.#current.nonce
  }

  /** Whether a node with one of the keys made it, and not too long ago. */
  isFresh (nonce: string, now: number): boolean {
    const bytes = nonce.length > 64 ? undefined : decodeBase64url(nonce)
    if (bytes?.length !== MAC_AT + MAC_BYTES) return false
    const key = this.#keys.withId(bytes.subarray(0, TIME_AT))
    if (key === undefined || !timingSafeEqual(macOf(key, bytes.subarray(0, MAC_AT)), bytes.subarray(MAC_AT))) return false
    const age = Math.floor(now) - bytes.readUIntBE(TIME_AT, 6)
    return age <= this.#ageMax && age >= -AHEAD_MAX
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
