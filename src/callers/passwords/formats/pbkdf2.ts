import { pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { HashForm } from './form.js'

/** The salt is text, taken as it stands; the digest is padded base64 of the 32 bytes of SHA-256. */
const whole = /^pbkdf2_sha256\$([1-9]\d{0,9})\$([^$]{8,64})\$([A-Za-z0-9+/]{43}=)$/

/** About a second of one core. */
const mostIterations = 4_000_000
/** OWASP's Password Storage Cheat Sheet. */
const advisedIterations = 600_000

/** PBKDF2 with SHA-256 as Django stores it, for databases that such an application owns. */
export const pbkdf2: HashForm = {
  name: 'pbkdf2_sha256',
  begins: /^pbkdf2_sha256\$/,

  read (hash) {
    const [, count, salt = '', digest = ''] = whole.exec(hash) ?? []
    if (count === undefined) return { mistake: 'this is not a whole pbkdf2_sha256 hash in Django\'s form' }
    const iterations = Number(count)
    if (iterations > mostIterations) return { mistake: `pbkdf2_sha256 has up to ${mostIterations} iterations here` }
    const expected = Buffer.from(digest, 'base64')
    return {
      parameters: `pbkdf2_sha256 ${iterations}`,
      warning: iterations < advisedIterations ? `pbkdf2_sha256 of less than ${advisedIterations} iterations is quickly guessed` : undefined,
      verify: password => timingSafeEqual(pbkdf2Sync(password, salt, iterations, expected.length, 'sha256'), expected),
      decoy: () => `pbkdf2_sha256$${count}$${randomBytes(salt.length).toString('hex').slice(0, salt.length)}$${randomBytes(expected.length).toString('base64')}`
    }
  }
}
