/** Unicode code points. Twilio Voice takes identities up to this length, the other products longer ones. */
const longestName = 121

/**
 * Every rule that a caller's name keeps, in words for the person who broke it.
 * `:` ends the name in HTTP Basic (RFC 7617 §2) and in the users file; `*`, `{` and `}` have a meaning in the policy.
 */
const rules: ReadonlyArray<{ says: string, keeps: (name: string) => boolean }> = [
  { says: `a name has 1 to ${longestName} characters`, keeps: name => name !== '' && (name.length <= longestName || [...name].length <= longestName) },
  { says: 'a name is in Unicode normal form C (NFC)', keeps: name => name === name.normalize('NFC') },
  { says: 'a name holds no control characters', keeps: name => !/[\p{Cc}\p{Cs}]/u.test(name) },
  { says: 'a name holds none of : * { }', keeps: name => !/[:*{}]/.test(name) },
  { says: 'a name has no blank at either end', keeps: name => name === name.trim() }
]

/** The first rule that a name breaks, in words that do not repeat the name; undefined when it keeps them all. */
export function nameMistake (name: string): string | undefined {
  return rules.find(({ keeps }) => !keeps(name))?.says
}

/** UTF-16 units. Bounds the work of normalising what a stranger sent; no name of 121 characters is longer in any normal form. */
const longestSpelling = 1024

/** The name that a login means: in NFC, or undefined when no caller can be called that. */
export function loginName (sent: string): string | undefined {
  if (sent.length > longestSpelling) return undefined
  const name = sent.normalize('NFC')
  return nameMistake(name) === undefined ? name : undefined
}

/**
 * One key for all spellings of a name that people take for the same one: case, normal form and blanks around do not count.
 * For finding duplicates and for counting guesses; a login itself compares names exactly.
 * Lower case, then upper case: neither alone makes `ß`, `ẞ` and `ss` meet, or the three sigmas.
 */
export function canonicalName (name: string): string {
  return name.normalize('NFC').trim().toLowerCase().toUpperCase().normalize('NFC')
}
