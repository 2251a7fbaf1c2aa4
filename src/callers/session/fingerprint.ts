import { createHmac } from 'node:crypto'
import type { Standing, SessionStore } from '../store.js'
import type { SessionKey } from './keys.js'

const BYTES = 16

/**
 * Computes what a session is bound to: the kind of store, and the caller's name, credential and identity there. When one of them changes,
 * older sessions end. It is keyed, so that reading the store is not enough to forge one. The lengths keep `ab` + `c` apart from `a` + `bc`.
 */
export function fingerprintOf (key: SessionKey, kind: SessionStore['kind'], login: string, { caller: { name, identity }, credential }: Standing): Buffer {
  const texts = [kind, login, name, credential, identity]
  return createHmac('sha256', key.fingerprint).update(texts.map(text => `${text.length}:${text}`).join('')).digest().subarray(0, BYTES)
}
