import type { FastifyInstance, FastifyRequest } from 'fastify'
import { limitKey } from '../caller.js'
import type { SessionMemory } from '../callers/session/memory.js'
import type { ProvenRequest, Sessions } from '../callers/session/sessions.js'
import type { RefusalCode } from '../problems.js'
import { countCaller, type Limit } from './rate-limits.js'
import { RequestLogin } from './request-login.js'
import type { Scheme } from './scheme.js'
import type { RequestStep } from './request-step.js'

export interface SessionOptions {
  /** Undefined where sessions are off. */
  sessions: Sessions | undefined
  usedProofs: SessionMemory['usedProofs']
}

/** The `error` of DPoP challenges (RFC 9449 §7.1), by our codes. */
const ERRORS: Partial<Record<RefusalCode, string>> = {
  'session-ended': 'invalid_token',
  'proof-stale': 'use_dpop_nonce',
  'proof-replayed': 'invalid_dpop_proof',
  'proof-wrong': 'invalid_dpop_proof'
}

/** Authenticates by a session and a proof of its key (DPoP, RFC 9449). */
export async function dpopAuth (scope: FastifyInstance, { sessions }: SessionOptions): Promise<Scheme | undefined> {
  return sessions && {
    name: 'dpop',
    via: 'session',
    usage: `a session that POST ${scope.prefix}/session opened, as Authorization: DPoP with a proof in the header DPoP (RFC 9449)`,
    challenge: code => `DPoP algs="ES256"${ERRORS[code] === undefined ? '' : `, error="${ERRORS[code]}"`}`,
    answers: code => code in ERRORS,
    async identify (request, reply) {
      const credentials = { session: request.headers.authorization!.slice('DPoP '.length), proof: proofOf(request) }
      const session = await sessions.authenticate(credentials, provenRequest(request), {
        login: new RequestLogin(request, reply),
        onVerified: known => { request.session = known },
        allowOutage: request.method === 'DELETE'
      })
      request.caller = session.caller
      request.session = session
    }
  }
}

/** Adds the nonce for the next proof to every answer to a request with a proof. */
export function offerNonce ({ sessions }: SessionOptions): RequestStep {
  return (request, reply) => {
    if (sessions !== undefined && proofOf(request) !== undefined) reply.header('DPoP-Nonce', sessions.nonce())
  }
}

/**
 * Checks the DPoP proof for opening a session, before the password costs a hash. Skips requests without credentials: refused later.
 */
export function readOpeningProof ({ sessions }: SessionOptions): RequestStep {
  return request => {
    if (request.method === 'POST' && mayBringCredentials(request)) request.openingProof = sessions!.readOpening(proofOf(request), provenRequest(request))
  }
}

/** Marks the DPoP proof of a request with a session as used. */
export function useProof ({ usedProofs }: SessionOptions): RequestStep {
  return ({ session }) => {
    if (session?.proof !== undefined) return usedProofs.use(session.proof)
  }
}

/** Marks the DPoP proof of a token request as used and counts it for the caller's limit: no caller can fill the memory of proofs. */
export function useProofOfCaller ({ usedProofs, limits }: SessionOptions & { limits: { caller: Limit } }): RequestStep {
  const { counters, max } = limits.caller
  const count = countCaller(limits.caller)
  return ({ session, caller }, reply) => {
    if (session?.proof === undefined) return
    const hit = { counters, key: limitKey(caller!), max, hold: 0 } as const
    return usedProofs.use(session.proof, () => count(caller!, reply), hit)
  }
}

function mayBringCredentials ({ headers: { authorization, ...headers } }: FastifyRequest): boolean {
  if (authorization !== undefined) return /^basic( |$)/i.test(authorization)
  return headers['content-type'] !== undefined || headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function proofOf ({ headers: { dpop } }: FastifyRequest): string | undefined {
  return dpop as string | undefined
}

function provenRequest ({ method, url }: FastifyRequest): ProvenRequest {
  return { method, path: url.split('?', 1)[0]! }
}
