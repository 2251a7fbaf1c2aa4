import { randomBytes } from 'node:crypto'
import type { HashForm } from './form.js'
import * as native from './native.js'

/** Bytes. bcrypt reads no further: of a longer password, everything behind would be free to choose. */
const longestPassword = 72

/** `$2y$10$`, 22 characters of salt, 31 of digest; the last of each does not use the bits that are left over. */
const whole = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/

const cheapest = 4
const advised = 10
/** About a second of one core. */
const dearest = 14

/** bcrypt as `htpasswd -B` writes it. Its first, faulty form `$2x$` is not taken. */
export const bcrypt: HashForm = {
  name: 'bcrypt',
  begins: /^\$2[aby]\$/,

  read (hash) {
    const rounds = whole.exec(hash)?.[1]
    if (rounds === undefined) return { mistake: 'this is not a whole bcrypt hash' }
    const cost = Number(rounds)
    if (cost < cheapest || cost > dearest) return { mistake: `the cost of bcrypt is ${cheapest} to ${dearest} here` }
    return {
      parameters: `bcrypt ${cost}`,
      warning: cost < advised ? `bcrypt of a cost below ${advised} is quickly guessed` : undefined,

      verify (password) {
        const right = native.bcrypt().verifySync(password, hash)
        // Asked after the hash, so that the time tells nothing of the user's hash.
        return right && Buffer.byteLength(password) <= longestPassword
      },

      decoy () {
        // bcrypt's 64 characters are base64's with `.` for `+`; their order does not matter for what is random.
        const random = randomBytes(48).toString('base64').replaceAll('+', '.')
        return `${hash.slice(0, '$2y$10$'.length)}${random.slice(0, 21)}.${random.slice(21, 51)}.`
      }
    }
  }
}
