/** Colours that the style sheet has for products: `--product-0` and so on. */
export const COLOURS = 10

/** Products of ours have their colour for good. */
const fixed = ['video', 'voice', 'sync', 'conversations', 'chat']

/**
 * Gives each product its number: that of its colour below `COLOURS`; from there on the colours come again, with dashed lines.
 * A plugin's colour follows from its name, so that it is the same tomorrow. Only where two names lead to one colour, the one that came
 * later takes the next.
 * @param products in the order in which they came
 */
export function coloursOf (products: readonly string[]): Map<string, number> {
  const numbers = new Map(fixed.map((name, i) => [name, i]))
  const taken = new Set(numbers.values())
  for (const name of products) {
    if (numbers.has(name)) continue
    const number = freeNumber(name, taken)
    taken.add(number)
    numbers.set(name, number)
  }
  return numbers
}

function freeNumber (name: string, taken: ReadonlySet<number>): number {
  const free = COLOURS - fixed.length
  if (taken.size >= COLOURS) return taken.size
  let step = [...name].reduce((hash, character) => (hash * 31 + character.codePointAt(0)!) % 1009, 0)
  while (taken.has(fixed.length + step % free)) step++
  return fixed.length + step % free
}
