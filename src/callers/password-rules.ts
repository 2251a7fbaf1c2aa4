/** Bytes of UTF-8. Far above what people or generators use, and bounds the work that a stranger can ask for. */
const longestPassword = 1024

/** Unicode code points, as NIST SP 800-63B counts them. */
const shortestPassword = 8

/**
 * The password that was typed, in NFC, so that keyboards which compose differently agree.
 * @returns undefined for what nobody's password is: empty, above 1024 bytes, or with a control character or a lone surrogate
 */
export function usablePassword (typed: string): string | undefined {
  if (typed === '' || Buffer.byteLength(typed) > longestPassword || /[\p{Cc}\p{Cs}]/u.test(typed)) return undefined
  return typed.normalize('NFC')
}

/** A new password, in NFC; or why it is not taken, in words that do not repeat it, and whether it is only too short. */
export function newPassword (typed: string, { allowShort = false } = {}): { password: string } | { mistake: string, isShort: boolean } {
  const password = usablePassword(typed)
  if (password === undefined) return { mistake: `a password has 1 to ${longestPassword} bytes and no control characters`, isShort: false }
  if (!allowShort && [...password].length < shortestPassword) {
    return { mistake: `a password has at least ${shortestPassword} characters`, isShort: true }
  }
  return { password }
}
