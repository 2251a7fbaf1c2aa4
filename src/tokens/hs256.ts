import { hash } from 'node:crypto'

/** Bytes that SHA-256 works on at once. */
const block = 64

/** Bytes of text that are hashed without making room for them first; nearly every token is shorter. */
const usual = 2048

/**
 * HMAC with SHA-256 under one key, as RFC 7518 §3.2 signs a JWT with it: two hashes, by RFC 2104 §2. Written out, as Node's
 * own makes a stream and a context of OpenSSL's for each signature, which in a busy process costs half of all that a mint does.
 * @returns signs ASCII text, in base64url
 */
export function hs256 (key: Buffer): (text: string) => string {
  const own = Buffer.alloc(block)
  const kept = key.length > block ? hash('sha256', key, 'buffer') : key
  kept.copy(own)
  const inner = Buffer.alloc(block + usual)
  const outer = Buffer.alloc(block + 32)
  own.forEach((byte, i) => {
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  })

  return text => {
    const room = text.length <= usual ? inner : Buffer.concat([inner.subarray(0, block), Buffer.alloc(text.length)])
    const end = block + room.write(text, block, 'latin1')
    // As text: a Buffer for a digest costs as much as the digest.
    outer.write(hash('sha256', room.subarray(0, end), 'binary'), block, 'latin1')
    return hash('sha256', outer, 'base64url')
  }
}
