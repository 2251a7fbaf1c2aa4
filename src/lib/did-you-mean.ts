import { closest, distance } from 'fastest-levenshtein'

/**
 * Returns the setting that a variable was probably meant to be: one that differs in a few letters, or by whole words (`TWILIO_API_KEY`,
 * `API_KEY_SECRET`). Undefined for a single word, because those are common in other programs (`HOSTNAME`, `PATH`).
 */
export function nearMiss (variable: string, settings: Iterable<string>): string | undefined {
  return [...settings]
    .filter(name => isTypo(variable, name) || lacksWords(variable, name) || lacksWords(name, variable))
    .sort((one, other) => typos(variable, one) - typos(variable, other))[0]
}

function isTypo (variable: string, name: string): boolean {
  // Compares lengths first, which is cheap: each additional or missing letter counts as a typo.
  return Math.abs(variable.length - name.length) <= maxTypos(name) && typos(variable, name) <= maxTypos(name)
}

/** Counts the wrong letters, ignoring case. */
function typos (variable: string, name: string): number {
  return distance(variable.toLowerCase(), name.toLowerCase())
}

function maxTypos (name: string): number {
  return name.length < 8 ? 1 : 2
}

function lacksWords (shorter: string, longer: string): boolean {
  if (shorter.length >= longer.length || !/^[A-Z].*_/.test(shorter)) return false
  const words = shorter.split('_')
  const rest = longer.split('_')
  return words.length < rest.length && words.every(word => {
    const at = rest.indexOf(word)
    if (at === -1) return false
    rest.splice(0, at + 1)
    return true
  })
}

/** Returns the known words, those most similar to one of the written words first. */
export function nearestFirst (written: readonly string[], known: readonly string[]): string[] {
  const typosOf = new Map(known.map(name => [name, Math.min(...written.map(word => typos(word, name)))]))
  return [...known].sort((one, other) => typosOf.get(one)! - typosOf.get(other)!)
}

/**
 * Returns the end of a message about an unknown word.
 * @returns `; did you mean video?` if one of the known words is similar, else a list of them
 */
export function didYouMean (word: string, known: readonly string[]): string {
  if (known.length === 0) return '; there are none'
  const near = nearWord(word, known)
  return near === undefined ? `; known here: ${some(known)}` : `; did you mean ${near}?`
}

/**
 * Returns the known word that is most similar to an unknown word; undefined if none is similar.
 * @param known at least one word
 */
export function nearWord (word: string, known: readonly string[]): string | undefined {
  const near = closest(word, known)
  const typos = distance(word, near)
  // Two letters that changed places count as two.
  return typos < word.length && typos <= Math.max(2, word.length / 3) ? near : undefined
}

function some (known: readonly string[]): string {
  return known.length > 10 ? `${known.slice(0, 10).join(', ')} and ${known.length - 10} more` : known.join(', ')
}
