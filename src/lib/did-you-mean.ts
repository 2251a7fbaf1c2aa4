import { closest, distance } from 'fastest-levenshtein'

/**
 * The setting that a variable's writer may have meant. Close are a few wrong letters, and names of which one lacks
 * whole words of the other (`TWILIO_API_KEY`, `API_KEY_SECRET`). One word alone is too common to mean ours (`HOSTNAME`, `PATH`).
 */
export function nearMiss (variable: string, settings: Iterable<string>): string | undefined {
  return [...settings]
    .filter(name => mistyped(variable, name) <= mistypes(name) || lacksWords(variable, name) || lacksWords(name, variable))
    .sort((one, other) => mistyped(variable, one) - mistyped(variable, other))[0]
}

/** How many letters are wrong; those of the other case are right. */
function mistyped (variable: string, name: string): number {
  return distance(variable.toLowerCase(), name.toLowerCase())
}

function mistypes (name: string): number {
  return name.length < 8 ? 1 : 2
}

function lacksWords (shorter: string, longer: string): boolean {
  const words = shorter.split('_')
  if (words.length < 2 || !/^[A-Z]/.test(shorter)) return false
  const rest = longer.split('_')
  return words.length < rest.length && words.every(word => {
    const at = rest.indexOf(word)
    if (at === -1) return false
    rest.splice(0, at + 1)
    return true
  })
}

/** What the word may have been meant for, or what there is. */
export function nearest (word: string, known: readonly string[]): string {
  if (known.length === 0) return '; there are none'
  const near = closest(word, known)
  const far = distance(word, near)
  // Two letters that changed places count two.
  return far < word.length && far <= Math.max(2, word.length / 3) ? `; did you mean ${near}?` : `; known here: ${some(known)}`
}

function some (known: readonly string[]): string {
  return known.length > 10 ? `${known.slice(0, 10).join(', ')} and ${known.length - 10} more` : known.join(', ')
}
