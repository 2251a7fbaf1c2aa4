import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Via } from '../audit/audit-log.js'
import type { RefusalCode } from '../problems.js'

/** One way to say who is asking: in the header `Authorization`, but for one that recognizes requests without it. */
export interface Scheme {
  /** The first word of `Authorization`, in lower case. RFC 9110 §11.1: its case does not count. */
  readonly name: string
  /** What the audit calls it. */
  readonly via: Via
  /** Set where nobody can sign in by it: it is still judged, and no 401 asks for it. */
  readonly isClosed?: boolean
  /** The value of `WWW-Authenticate` with which a 401 of this code asks for the scheme. */
  challenge (code: RefusalCode): string
  /** Whether a 401 of this code is about this scheme, whichever the request used. */
  answers? (code: RefusalCode): boolean
  /** Whether a request without `Authorization` is one of this scheme. Such a scheme has no word there. */
  recognizes? (request: FastifyRequest): boolean
  /** How to use the scheme, for the sentence of a 401 without credentials: `Send …`. */
  readonly usage: string
  /**
   * Sets `request.caller`.
   * @throws Problem what the answer is, where the credentials are not right or cannot be checked
   */
  identify (request: FastifyRequest, reply: FastifyReply): Promise<void>
}
