import { pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { HashFormat } from './format.js'

/** The salt is used as text, not decoded; the digest is padded base64 of the 32 bytes of SHA-256. */
const PATTERN = /^pbkdf2_sha256\$([1-9]\d{0,9})\$([^$]{8,64})\$([A-Za-z0-9+/]{43}=)$/

/** Takes about a second of one core. */
const MAX_ITERATIONS = 4_000_000
/** OWASP's Password Storage Cheat Sheet. */
const ADVISED_ITERATIONS = 600_000

/** PBKDF2 with SHA-256 as Django stores it, for databases of Django applications. */
export const pbkdf2: HashFormat = {
  name: 'pbkdf2_sha256',
  prefix: /^pbkdf2_sha256\$/,

  read (hash) {
    const [, count, salt = '', digest = ''] = PATTERN.exec(hash) ?? []
    if (count === undefined) return { mistake: 'this is not a complete pbkdf2_sha256 hash in Django\'s format' }
    const iterations = Number(count)
    if (iterations > MAX_ITERATIONS) return { mistake: `pbkdf2_sha256 may have up to ${MAX_ITERATIONS} iterations` }
    const expected = Buffer.from(digest, 'base64')
    return {
      parameters: `pbkdf2_sha256 ${iterations}`,
      warning: iterations < ADVISED_ITERATIONS ? `pbkdf2_sha256 with less than ${ADVISED_ITERATIONS} iterations is quickly guessed` : undefined,
      verify: password => timingSafeEqual(pbkdf2Sync(password, salt, iterations, expected.length, 'sha256'), expected),
      decoy: () => `pbkdf2_sha256$${count}$${randomBytes(salt.length).toString('hex').slice(0, salt.length)}$${randomBytes(expected.length).toString('base64')}`
    }
  }
}
