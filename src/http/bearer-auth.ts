import type { FastifyInstance } from 'fastify'
import type { BearerTokens } from '../callers/bearer/tokens.js'
import { whenReady } from '../lib/when-ready.js'
import { problem, type RefusalCode } from '../problems.js'
import type { Scheme } from './scheme.js'
import type { RequestStep } from './request-step.js'

export interface BearerOptions {
  /** Undefined without an identity provider. */
  bearer: BearerTokens | undefined
}

const refusals = new Set<RefusalCode>(['bearer-wrong', 'bearer-expired', 'bearer-misdirected'])

/** Authenticates by a token of the application's identity provider (RFC 6750). */
export async function bearerAuth (_scope: FastifyInstance, { bearer }: BearerOptions): Promise<Scheme | undefined> {
  return bearer && {
    name: 'bearer',
    via: 'bearer',
    usage: 'a token of the identity provider, as Authorization: Bearer (RFC 6750)',
    challenge: code => `Bearer realm="twilio-token-broker"${refusals.has(code) ? ', error="invalid_token"' : ''}`,
    identify (request) {
      const token = request.headers.authorization!.slice('Bearer '.length)
      return whenReady(bearer.authenticate(token, refusal => { request.refusedBearer = refusal }), caller => { request.caller = caller })
    }
  }
}

/**
 * Refuses a session that is sent without a DPoP proof, as somebody could who has read it in a log. It is no token of an identity provider
 * either.
 */
export function rejectUnprovenSession ({ schemes }: { schemes: readonly Scheme[] }): RequestStep {
  const scheme = schemes.find(({ name }) => name === 'bearer') ?? schemes.find(({ name }) => name === 'dpop')
  return request => {
    if (scheme === undefined || !/^bearer +ttb_/i.test(request.headers.authorization ?? '')) return
    request.scheme = scheme
    throw problem('credentials-wrong')
  }
}
