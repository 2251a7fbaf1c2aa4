/** A place in a text file. Both are counted from 1. */
export interface Position {
  line: number
  column: number
}

/** The kind of mistake or warning, for programs. */
export type DiagnosticCode =
  /** A required setting, file or entry is missing. */
  | 'missing'
  /** No setting, product, property or group has this name. */
  | 'unknown'
  /** The value has the wrong form. */
  | 'invalid'
  /** It contradicts another setting or entry. */
  | 'conflict'
  /** The file cannot be opened, or is not a file. */
  | 'unreadable'
  /** A store or Redis does not answer. A start goes on, and waits for it. */
  | 'unreachable'
  /** The file cannot be parsed. */
  | 'syntax'
  /** It works, but lets others do or see more than they should. */
  | 'insecure'
  /** It has no effect as it stands. */
  | 'no-effect'

/** A mistake in a setting or a file, or a warning about one, as data. Never contains the value of a setting, which may be a secret. */
export interface Diagnostic {
  /** With a mistake a start fails, and a reload keeps the old state. With a warning both succeed. */
  level: 'mistake' | 'warning'
  /** A setting, or a file as the operator named it. */
  subject: string
  code: DiagnosticCode
  /** For people. Names the subject itself, unless there is a position. */
  message: string
  /** The place in the file `subject`; for some files only the line is known. */
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

/** Formats a diagnostic as one line: `policy.yaml:7:3 rooms must be a list`. */
export function textOf ({ subject, message, position }: Diagnostic): string {
  return position === undefined ? message : `${[subject, position.line, position.column].filter(part => part !== undefined).join(':')} ${message}`
}

export function hasMistakes (diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ level }) => level === 'mistake')
}

/** The result of opening something: it, or why it cannot be opened. */
export type Opened<T> = { opened: T, mistakes?: never } | { opened?: never, mistakes: readonly Diagnostic[] }

/** Formats the diagnostics of one level. */
export function textsOf (diagnostics: readonly Diagnostic[], level: Diagnostic['level']): string[] {
  return diagnostics.filter(diagnostic => diagnostic.level === level).map(textOf)
}
