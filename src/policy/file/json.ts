import type { Yaml } from './yaml.js'

/**
 * Reads JSON, which is what programs write and what large policies are, in a twentieth of the time that the same text takes as YAML.
 * @returns undefined for all else, and where a key stands twice in one map, of which `JSON.parse` takes the second without a word
 */
export function readJson (text: string): Pick<Yaml, 'value' | 'mistakes'> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return keysIn(value) === keysWritten(text) ? { value, mistakes: [] } : undefined
  } catch {
    // No JSON, or nested deeper than the stack.
    return undefined
  }
}

function keysIn (value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce<number>((sum, part) => sum + keysIn(part), own)
}

/** In a text that is JSON, a string is a key where a colon follows. */
function keysWritten (text: string): number {
  let keys = 0
  for (const [, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g)) keys += Number(colon !== undefined)
  return keys
}
