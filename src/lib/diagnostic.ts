/** A place in a text file. Both are counted from 1. */
export interface Position {
  line: number
  column: number
}

/** What kind of fault it is, for programs. */
export type DiagnosticCode =
  /** It is needed, and not there. */
  | 'missing'
  /** There is no setting, product, property or group of this name. */
  | 'unknown'
  /** Its value does not have the form it must have. */
  | 'invalid'
  /** It contradicts another setting or entry. */
  | 'conflict'
  /** The file cannot be read, or is not a file. */
  | 'unreadable'
  /** The file cannot be parsed. */
  | 'syntax'
  /** It works, and lets others do or see more than they should. */
  | 'insecure'
  /** It has no effect as it stands. */
  | 'no-effect'

/** Something that an operator should know about a setting or a file, as data. Never holds the value of a setting: it may be a secret. */
export interface Diagnostic {
  /** A mistake stops a start, and a reload keeps the old state. A warning does neither. */
  level: 'mistake' | 'warning'
  /** A setting, or a file as the operator named it. */
  subject: string
  code: DiagnosticCode
  /** A sentence for people, which can stand alone unless there is a position. */
  message: string
  /** Where in the file `subject`; of some files the line alone is known. */
  position?: Pick<Position, 'line'> & Partial<Position>
}

/** Makes a diagnostic that stops a start. */
export function mistake (subject: string, code: DiagnosticCode, message: string, position?: Diagnostic['position']): Diagnostic {
  return { level: 'mistake', subject, code, message, ...(position && { position }) }
}

/** Makes a diagnostic that stops nothing. */
export function warning (subject: string, code: DiagnosticCode, message: string, position?: Diagnostic['position']): Diagnostic {
  return { ...mistake(subject, code, message, position), level: 'warning' }
}

/** The diagnostic as one line for people: `policy.yaml:7:3 rooms must be a list`. */
export function textOf ({ subject, message, position }: Diagnostic): string {
  return position === undefined ? message : `${[subject, position.line, position.column].filter(part => part !== undefined).join(':')} ${message}`
}

/** The lines of one level. */
export function textsOf (diagnostics: readonly Diagnostic[], level: Diagnostic['level']): string[] {
  return diagnostics.filter(diagnostic => diagnostic.level === level).map(textOf)
}
