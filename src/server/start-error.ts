import { textsOf, type Diagnostic } from '../lib/diagnostic.js'

/** The broker cannot start because of mistakes in the operator's settings or files. Holds all of them. */
export class StartError extends Error {
  override readonly name = 'StartError'
  /** One sentence each. */
  readonly mistakes: readonly string[]

  constructor (readonly diagnostics: readonly Diagnostic[]) {
    const mistakes = textsOf(diagnostics, 'mistake')
    super(mistakes.join('; '))
    this.mistakes = mistakes
  }
}
