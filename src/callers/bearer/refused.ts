import type { ProblemCode } from '../../problems.js'

/** Why a bearer token is not taken. */
export class Refused extends Error {
  override readonly name = 'Refused'

  /**
   * @param reason for the audit: a claim's name, or a few words
   * @param detail for the caller, in place of the code's own sentence; never holds a value of the token
   */
  constructor (readonly code: ProblemCode, readonly reason: string, readonly detail?: string) {
    super(reason)
  }
}

/** The answer is the same for all of these, so that nobody learns by it how far a forged token gets. */
export function wrong (reason: string): Refused {
  return new Refused('bearer-wrong', reason)
}

/** @param claim of the payload; or `typ`, of the header */
export function misdirected (claim: string): Refused {
  return new Refused('bearer-misdirected', claim, `This bearer token was signed by the identity provider, but its ${claim} is not what this broker takes.`)
}
