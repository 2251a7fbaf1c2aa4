import type { Position } from '../../lib/diagnostic.js'

/** A policy has five levels. */
const MAX_DEPTH = 100

/**
 * Returns where a text is nested deeper than any policy, by its brackets or the indentation of a line. Call it before parsing: parsers
 * recurse, and if V8 has to compile a regular expression at the end of the stack, the process crashes.
 */
export function tooDeep (text: string): Position | undefined {
  let depth = 0
  for (const { 0: mark, index } of text.matchAll(/[[{]|[\]}]|^[ ?-]{200}/gm)) {
    depth = '[{'.includes(mark) ? depth + 1 : Math.max(0, depth - 1)
    if (depth > MAX_DEPTH || mark.length > 1) return positionAt(text, index)
  }
}

function positionAt (text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n')
  return { line: lines.length, column: lines.at(-1)!.length + 1 }
}
