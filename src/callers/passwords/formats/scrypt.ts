import { scryptSync, timingSafeEqual } from 'node:crypto'
import type { HashFormat } from './format.js'
import { decoyHash, isSaltAndDigest } from './phc.js'

const PATTERN = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d{0,3}),p=([1-9]\d{0,3})\$([^$]+)\$([^$]+)$/

/**
 * N times r times p: OWASP's most expensive setting (N=2^17, r=8, p=1), which takes nearly a second of one core. It bounds the memory, too:
 * 128 * N * r bytes are at most 128 MiB.
 */
const MAX_WORK = 2 ** 20
/** OWASP's cheapest (N=2^14, r=8, p=5). */
const ADVISED_WORK = 2 ** 14 * 8 * 5

/** scrypt (RFC 7914) in PHC format, as passlib writes it. */
export const scrypt: HashFormat = {
  name: 'scrypt',
  prefix: /^\$scrypt\$/,

  read (hash) {
    const [, ln, r, p, salt = '', digest = ''] = PATTERN.exec(hash) ?? []
    // RFC 7914 allows a salt of any length.
    if (!isSaltAndDigest(salt, digest, 1)) return { mistake: 'this is not a complete scrypt hash in PHC format ($scrypt$ln=…,r=…,p=…$salt$hash)' }
    const options = { N: 2 ** Number(ln), r: Number(r), p: Number(p) }
    const work = options.N * options.r * options.p
    // RFC 7914 §2: N is below 2^(128 * r / 8).
    if (work > MAX_WORK || options.N >= 2 ** (16 * options.r)) return { mistake: `scrypt may have 2^ln times r times p up to ${MAX_WORK}` }
    return {
      parameters: `scrypt ln=${ln},r=${r},p=${p}`,
      warning: work < ADVISED_WORK ? 'scrypt with such low parameters is quickly guessed' : undefined,

      verify (password) {
        const expected = Buffer.from(digest, 'base64')
        // What OpenSSL allocates. Node's default limit, 32 MiB, would refuse hashes that are allowed here.
        const maxmem = 128 * options.r * (options.N + options.p + 2)
        const actual = scryptSync(password, Buffer.from(salt, 'base64'), expected.length, { ...options, maxmem })
        return timingSafeEqual(actual, expected)
      },

      decoy: () => decoyHash(hash)
    }
  }
}
