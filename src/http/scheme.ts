import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Via } from '../audit/audit-log.js'
import type { RefusalCode } from '../problems.js'

/** A way to authenticate: by the `Authorization` header, except for one scheme that recognizes requests without it. */
export interface Scheme {
  /** The first word of `Authorization` in lower case; RFC 9110 §11.1: case-insensitive. */
  readonly name: string
  /** Its name in the audit. */
  readonly via: Via
  /**
   * Set if nobody can sign in by it, as by Basic where nobody has a password. No 401 asks for it. Its credentials are still accepted for
   * checking, so that the 401 can say why they are of no use.
   */
  readonly isClosed?: boolean
  /** Returns the `WWW-Authenticate` challenge for a 401 with this code. */
  challenge (code: RefusalCode): string
  /** Whether a 401 with this code has this scheme's challenge, even if the request used another scheme. */
  answers? (code: RefusalCode): boolean
  /** Whether a request without `Authorization` uses this scheme. */
  recognizes? (request: FastifyRequest): boolean
  /** How to use the scheme; ends the sentence `Send …` of a 401 without credentials. */
  readonly usage: string
  /**
   * Sets `request.caller`.
   * @throws Problem if the credentials are wrong or cannot be checked
   */
  identify (request: FastifyRequest, reply: FastifyReply): void | Promise<void>
}
