import type { Position } from './yaml.js'

/** A policy has five levels. */
const deepest = 100

/**
 * Where a text nests deeper than any policy, by its brackets or by what a line begins with. To be asked before a parser, which goes down by
 * recursion: at the stack's end V8 may have to compile a regular expression, which the process does not survive.
 */
export function tooDeep (text: string): Position | undefined {
  let depth = 0
  for (const { 0: mark, index } of text.matchAll(/[[{]|[\]}]|^[ ?-]{200}/gm)) {
    depth = '[{'.includes(mark) ? depth + 1 : Math.max(0, depth - 1)
    if (depth > deepest || mark.length > 1) return placeOf(text, index)
  }
}

function placeOf (text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n')
  return { line: lines.length, col: lines.at(-1)!.length + 1 }
}
