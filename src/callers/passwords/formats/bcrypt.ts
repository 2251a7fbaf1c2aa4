import { randomBytes } from 'node:crypto'
import type { HashFormat } from './format.js'
import * as native from './native.js'

/** bcrypt ignores all further bytes, so any text that begins with a longer password's first 72 bytes would match. */
const MAX_PASSWORD_BYTES = 72

/** `$2y$10$`, 22 characters of salt, 31 of digest; the last of each has unused bits, which are zero. */
const PATTERN = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/

const MIN_COST = 4
const ADVISED_COST = 10
/** Takes about a second of one core. */
const MAX_COST = 14

/** bcrypt as `htpasswd -B` writes it. The faulty variant `$2x$` is refused. */
export const bcrypt: HashFormat = {
  name: 'bcrypt',
  prefix: /^\$2[aby]\$/,

  read (hash) {
    const rounds = PATTERN.exec(hash)?.[1]
    if (rounds === undefined) return { mistake: 'this is not a complete bcrypt hash' }
    const cost = Number(rounds)
    if (cost < MIN_COST || cost > MAX_COST) return { mistake: `the cost of bcrypt must be ${MIN_COST} to ${MAX_COST}` }
    return {
      parameters: `bcrypt ${cost}`,
      warning: cost < ADVISED_COST ? `bcrypt with a cost below ${ADVISED_COST} is quickly guessed` : undefined,

      verify (password) {
        const right = native.bcrypt().verifySync(password, hash)
        // Checked after the hash, so that the time does not reveal that this user has a bcrypt hash.
        return right && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES
      },

      decoy () {
        // bcrypt uses the characters of base64 with `.` for `+`. Their other order does not matter for random bytes.
        const random = randomBytes(48).toString('base64').replaceAll('+', '.')
        return `${hash.slice(0, '$2y$10$'.length)}${random.slice(0, 21)}.${random.slice(21, 51)}.`
      }
    }
  }
}
