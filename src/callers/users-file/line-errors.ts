import { mistake, warning, type Diagnostic, type DiagnosticCode } from '../../lib/diagnostic.js'

/** More mistakes than this are only counted: nobody reads further. */
const MAX_REPORTED = 20

/** Collects mistakes in lines of a file. */
export class LineErrors {
  readonly #diagnostics: Diagnostic[] = []
  #more = 0

  /** @param file as the operator named it */
  constructor (readonly file: string) {}

  add (line: number, code: DiagnosticCode, message: string): void {
    if (this.#diagnostics.length < MAX_REPORTED) this.#diagnostics.push(mistake(this.file, code, message, { line }))
    else this.#more++
  }

  get any (): boolean {
    return this.#diagnostics.length > 0
  }

  list (): Diagnostic[] {
    return this.#more === 0 ? this.#diagnostics : [...this.#diagnostics, mistake(this.file, 'invalid', `${this.file} has ${this.#more} more mistakes like these`)]
  }
}

/** Collects warnings that may be true of every line: reports each message once, with its first line and the number of lines. */
export class RepeatedWarnings {
  readonly #found = new Map<string, { line: number, code: DiagnosticCode, count: number }>()

  /** @param file as the operator named it */
  constructor (readonly file: string) {}

  add (line: number, code: DiagnosticCode, message: string): void {
    const before = this.#found.get(message)
    if (before) before.count++
    else this.#found.set(message, { line, code, count: 1 })
  }

  list (): Diagnostic[] {
    return Array.from(this.#found, ([message, { line, code, count }]) =>
      warning(this.file, code, count === 1 ? message : `${message} (and ${count - 1} more)`, { line }))
  }
}
