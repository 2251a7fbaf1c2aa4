import type { ProblemCode } from '../../problems.js'

/** Why a bearer token is refused. */
export class Refused extends Error {
  override readonly name = 'Refused'

  /**
   * @param reason for the audit: the name of a claim, or a few words
   * @param detail for the caller, instead of the sentence of the code; never contains a value from the token
   */
  constructor (readonly code: ProblemCode, readonly reason: string, readonly detail?: string) {
    super(reason)
  }
}

/** All of these get the same answer, so that it does not reveal which check a forged token has failed. */
export function wrong (reason: string): Refused {
  return new Refused('bearer-wrong', reason)
}

/** @param claim a claim of the payload, or `typ` of the header */
export function misdirected (claim: string): Refused {
  return new Refused('bearer-misdirected', claim, `This bearer token was signed by the identity provider, but its ${claim} is not what this broker takes.`)
}
