import type { DiagnosticCode, Position } from '../../lib/diagnostic.js'

/** Keys and indexes that lead from the top of the policy to a value. */
export type Path = readonly string[]

/** Something to report about the value at a path, or about the key that it stands under. */
export interface Fault {
  code: DiagnosticCode
  message: string
  path: Path
  /** Default: the value. */
  of?: 'value' | 'key'
}

/** The same once its place in the text is known. */
export interface PlacedFault {
  code: DiagnosticCode
  message: string
  position: Position
}
