import { createHmac } from 'node:crypto'
import type { Standing, SessionStore } from '../store.js'
import type { SessionKey } from './keys.js'

const BYTES = 16

/**
 * Changes with the kind of store, and with the caller's name, credential or identity there, and so ends the sessions from before.
 * Keyed, so that nobody who can read the store can make one. Lengths keep `ab` + `c` apart from `a` + `bc`.
 */
export function fingerprintOf (key: SessionKey, kind: SessionStore['kind'], login: string, { caller: { name, identity }, credential }: Standing): Buffer {
  const texts = [kind, login, name, credential, identity]
  return createHmac('sha256', key.fingerprint).update(texts.map(text => `${text.length}:${text}`).join('')).digest().subarray(0, BYTES)
}
