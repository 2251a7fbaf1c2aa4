import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SessionHolder } from '../store.js'
import { decodeBase64url } from '../../lib/base64url.js'
import { KEY_ID_BYTES, type SessionKey, type SessionKeys } from './keys.js'

const MAX_CHARACTERS = 2400

/** Lets secret scanners recognise a session that leaked into logs or code. */
export const SESSION_PREFIX = 'ttb_'

/** The data in a session. It is signed (HMAC-SHA256), not encrypted: the holder can read all of it. */
export interface SessionData extends SessionHolder {
  /** 12 random bytes, base64url. */
  readonly id: string
  /** Seconds since 1970. */
  readonly opened: number
  /** Seconds since 1970. */
  readonly ends: number
  /** SHA-256 of the page's public key (RFC 7638). */
  readonly thumbprint: Buffer
  /** 16 bytes; see `fingerprintOf`. */
  readonly fingerprint: Buffer
}

/** Fixes the format and all algorithms, so that nothing in a session can choose one. */
const VERSION = 1

/** Layout in bytes: version 1, key id 4, opened 6, ends 6, id 12, thumbprint 32, fingerprint 16, texts, MAC 32. */
const at = { keyId: 1, opened: 5, ends: 11, id: 17, thumbprint: 29, fingerprint: 61, texts: 77 } as const
const MAC_BYTES = 32

/** Stands before each group. No text of a session holds a control character of its own. */
const GROUP = '\x01'

/** @returns undefined where the session would be too long */
export function signSession (key: SessionKey, session: SessionData): string | undefined {
  const head = Buffer.alloc(at.texts)
  head.writeUInt8(VERSION)
  key.id.copy(head, at.keyId)
  head.writeUIntBE(session.opened, at.opened, 6)
  head.writeUIntBE(session.ends, at.ends, 6)
  head.write(session.id, at.id, 'base64url')
  session.thumbprint.copy(head, at.thumbprint)
  session.fingerprint.copy(head, at.fingerprint)
  const body = Buffer.concat([head, Buffer.from(textsOf(session))])
  const text = SESSION_PREFIX + Buffer.concat([body, macOf(key, body)]).toString('base64url')
  return text.length > MAX_CHARACTERS ? undefined : text
}

/**
 * Reads a session, but nothing of it before its MAC was verified. Whether the session has ended is not checked here.
 * @returns undefined for everything that was not signed with one of the keys
 */
export function verifySession (keys: SessionKeys, text: string): { session: SessionData, key: SessionKey } | undefined {
  if (text.length > MAX_CHARACTERS || !text.startsWith(SESSION_PREFIX)) return
  const bytes = decodeBase64url(text.slice(SESSION_PREFIX.length))
  if (bytes === undefined || bytes.length < at.texts + MAC_BYTES || bytes[0] !== VERSION) return
  const key = keys.withId(bytes.subarray(at.keyId, at.keyId + KEY_ID_BYTES))
  const body = bytes.subarray(0, -MAC_BYTES)
  if (key === undefined || !timingSafeEqual(macOf(key, body), bytes.subarray(-MAC_BYTES))) return
  return { session: read(body), key }
}

function read (body: Buffer): SessionData {
  const all = body.toString('utf8', at.texts).split('\0')
  const texts = all.filter(text => !text.startsWith(GROUP))
  const groups = all.filter(text => text.startsWith(GROUP)).map(text => text.slice(GROUP.length))
  const [login, name = '', identity = '', version] = texts as [string, ...string[]]
  const known = name === '' ? { name: login, identity: identity || login, asTyped: true as const } : { name, identity: identity || name }
  const caller = groups.length === 0 ? known : { ...known, groups }
  return {
    login,
    caller,
    version,
    id: body.toString('base64url', at.id, at.thumbprint),
    opened: body.readUIntBE(at.opened, 6),
    ends: body.readUIntBE(at.ends, 6),
    thumbprint: body.subarray(at.thumbprint, at.fingerprint),
    fingerprint: body.subarray(at.fingerprint, at.texts)
  }
}

/**
 * Joins the texts by NUL; none of them contains a control character. An empty name means that the store returned none; an empty identity
 * means the name.
 */
function textsOf ({ login, caller: { name, identity, asTyped, groups = [] }, version }: SessionHolder): string {
  const texts = [login, asTyped ? '' : name, identity === name ? '' : identity]
  const marked = groups.map(group => GROUP + group)
  return version === undefined ? [...texts, ...marked].join('\0').replace(/\0+$/, '') : [...texts, version, ...marked].join('\0')
}

function macOf ({ mac }: SessionKey, body: Buffer): Buffer {
  return createHmac('sha256', mac).update(body).digest()
}
