import type { DiagnosticCode, Position } from '../../lib/diagnostic.js'

/** Keys and indexes that lead from the top of the policy to a value. */
export type Path = readonly string[]

/** Something to report about the value at a path, or about its key. */
export interface Fault {
  code: DiagnosticCode
  message: string
  path: Path
  /** Which of the two is reported. Default: the value. */
  of?: 'value' | 'key'
}

/** A fault with its position in the text. */
export interface PlacedFault {
  code: DiagnosticCode
  message: string
  position: Position
}
