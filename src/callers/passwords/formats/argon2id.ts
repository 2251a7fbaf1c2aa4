import type { HashFormat } from './format.js'
import { argon2 } from './native.js'
import { decoyHash, isSaltAndDigest } from './phc.js'

const PATTERN = /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([^$]+)\$([^$]+)$/

/** 256 MiB: a planted `m=4194304` would take the memory of the whole machine. */
const MAX_MEMORY_KIB = 262_144
const MAX_LANES = 16
/** KiB times passes; takes about a second of one core. */
const MAX_WORK = 2 ** 21
/** KiB times passes; the lowest among the settings that OWASP considers equal (m=7168, t=5). */
const ADVISED_WORK = 35_840

/** argon2id (RFC 9106), version 19, in PHC format. */
export const argon2id: HashFormat = {
  name: 'argon2id',
  prefix: /^\$argon2id\$/,

  read (hash) {
    const [, m, t, p, salt = '', digest = ''] = PATTERN.exec(hash) ?? []
    // The library refuses a salt of fewer than 8 bytes.
    if (!isSaltAndDigest(salt, digest, 8)) return { mistake: 'this is not a complete argon2id hash in PHC format ($argon2id$v=19$m=…,t=…,p=…$salt$hash)' }
    const [memory, passes, lanes] = [Number(m), Number(t), Number(p)]
    const work = memory * passes
    // RFC 9106 §3.1: at least 8 KiB for each lane.
    if (memory < 8 * lanes || memory > MAX_MEMORY_KIB || lanes > MAX_LANES || work > MAX_WORK) {
      return { mistake: `argon2id must have m from 8p to ${MAX_MEMORY_KIB}, p up to ${MAX_LANES}, and m times t up to ${MAX_WORK}` }
    }
    return {
      parameters: `argon2id m=${m},t=${t},p=${p}`,
      warning: work < ADVISED_WORK ? 'argon2id with such low parameters is quickly guessed' : undefined,
      verify: password => argon2().verifySync(hash, password),
      decoy: () => decoyHash(hash)
    }
  }
}

/**
 * Hashes a new password (NFC) for a store: argon2id with a fresh salt and the parameters of OWASP's Password Storage Cheat Sheet (19 MiB,
 * 2 passes, 1 lane).
 */
export function hashPassword (password: string): Promise<string> {
  return argon2().hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
}
