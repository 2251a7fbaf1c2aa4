/** Bounds the work that an unauthenticated client can cause. Far more than people or password generators use. */
const MAX_PASSWORD_BYTES = 1024

/** NIST SP 800-63B: at least 8 characters, counted as Unicode code points. */
const MIN_PASSWORD_CHARACTERS = 8

/**
 * Normalises a typed password to NFC, because keyboards compose characters differently.
 * @returns undefined for a password that nobody has: empty, above 1024 bytes, or with a control character or a lone surrogate
 */
export function usablePassword (typed: string): string | undefined {
  if (typed === '' || Buffer.byteLength(typed) > MAX_PASSWORD_BYTES || /[\p{Cc}\p{Cs}]/u.test(typed)) return undefined
  return typed.normalize('NFC')
}

/**
 * Checks a password that a user is to get.
 * @returns the password in NFC; or a mistake that does not repeat it, and whether it is only too short
 */
export function newPassword (typed: string, { allowShort = false } = {}): { password: string } | { mistake: string, isShort: boolean } {
  const password = usablePassword(typed)
  if (password === undefined) {
    return { mistake: `a password has 1 to ${MAX_PASSWORD_BYTES} bytes and no control characters`, isShort: false }
  }
  if (!allowShort && [...password].length < MIN_PASSWORD_CHARACTERS) {
    return { mistake: `a password has at least ${MIN_PASSWORD_CHARACTERS} characters`, isShort: true }
  }
  return { password }
}
