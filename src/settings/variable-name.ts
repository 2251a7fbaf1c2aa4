/** Words of letters, such as all settings have, and short numbers. A secret is longer, or mixes letters and digits. */
const plainName = /^[A-Z]{1,13}(_([A-Z]{1,13}|\d{1,2}))*$/

/**
 * Whether a message may repeat the name of a variable that is not a setting. In a broken line, the text before `=` is parsed as a name, and
 * it may be a secret.
 */
export function isPlainName (variable: string): boolean {
  return plainName.test(variable)
}
