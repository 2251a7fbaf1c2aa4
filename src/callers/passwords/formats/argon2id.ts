import type { HashForm } from './form.js'
import { argon2 } from './native.js'
import { decoyTail, isTail } from './phc.js'

const whole = /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([^$]+)\$([^$]+)$/

/** KiB, so 256 MiB: a planted `m=4194304` would take the memory of the whole machine. */
const mostMemory = 262_144
const mostLanes = 16
/** KiB times passes; about a second of one core. */
const mostWork = 2 ** 21
/** KiB times passes; the least among the settings that OWASP takes for equal (m=7168, t=5). */
const advisedWork = 35_840

/** argon2id (RFC 9106), version 19, in PHC form. */
export const argon2id: HashForm = {
  name: 'argon2id',
  begins: /^\$argon2id\$/,

  read (hash) {
    const [, m, t, p, salt = '', digest = ''] = whole.exec(hash) ?? []
    if (!isTail(salt, digest, 8)) return { mistake: 'this is not a whole argon2id hash in PHC form ($argon2id$v=19$m=…,t=…,p=…$salt$hash)' }
    const [memory, passes, lanes] = [Number(m), Number(t), Number(p)]
    const work = memory * passes
    // RFC 9106 §3.1: at least 8 KiB for each lane.
    if (memory < 8 * lanes || memory > mostMemory || lanes > mostLanes || work > mostWork) {
      return { mistake: `argon2id has m from 8p to ${mostMemory}, p up to ${mostLanes} and m times t up to ${mostWork} here` }
    }
    return {
      parameters: `argon2id m=${m},t=${t},p=${p}`,
      warning: work < advisedWork ? 'argon2id of such low parameters is quickly guessed' : undefined,
      verify: password => argon2().verifySync(hash, password),
      decoy: () => decoyTail(hash)
    }
  }
}

/**
 * The hash to store for a password (NFC): argon2id with a fresh salt, and the parameters of OWASP's Password Storage Cheat Sheet
 * (19 MiB, 2 passes, 1 lane).
 */
export function hashPassword (password: string): Promise<string> {
  return argon2().hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
}
