import { textsOf } from '../../src/lib/diagnostic.js'
import type { PolicyReader, PolicyReading } from '../../src/policy/file/read.js'

/** A reading with its mistakes and warnings as people see them. */
export function inTexts (reading: PolicyReading): PolicyReading & { mistakes: string[], warnings: string[] } {
  return { ...reading, mistakes: textsOf(reading.diagnostics, 'mistake'), warnings: textsOf(reading.diagnostics, 'warning') }
}

export function readingInTexts (read: PolicyReader) {
  return async (text: string, file: string) => inTexts(await read(text, file))
}
