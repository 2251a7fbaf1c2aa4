import type { FastifyInstance, FastifyRequest } from 'fastify'
import { loginName } from '../../caller.js'
import type { Recorder } from '../../audit/audit-log.js'
import { Type } from '../../lib/typebox.js'
import type { Metrics } from '../../monitoring/metrics.js'
import { inForm, type DecisionOptions } from '../../policy/decide.js'
import { noQuery } from '../../products/schemas.js'
import type { SessionOptions } from '../dpop-auth.js'

export interface SessionRouteOptions extends SessionOptions, Pick<DecisionOptions, 'identityForm'> {
  audit: Recorder
  metrics: Metrics
}

const credentials = Type.Object({
  username: Type.Optional(Type.String({ description: 'with password, in the place of the Authorization header' })),
  password: Type.Optional(Type.String({ description: 'of username' }))
}, { additionalProperties: false })

const opened = Type.Object({
  session: Type.String({ description: 'for Authorization: DPoP, beside a proof by the same key in the header DPoP', examples: ['ttb_…'] }),
  identity: Type.String({ description: 'the name inside the tokens', examples: ['susan'] }),
  expiresIn: Type.Integer({ description: 'seconds until the session ends', examples: [43200] }),
  expiresAt: Type.String({ format: 'date-time', description: 'when the session ends, by the broker\'s clock', examples: ['2026-11-25T12:00:00.000Z'] }),
  now: Type.Integer({ description: 'the broker\'s time in seconds since 1970, by which a proof\'s iat is judged', examples: [1795566405] })
})

/** `POST /session` signs in once, `DELETE /session` signs out. */
export function sessionRoutes (scope: FastifyInstance, options: SessionRouteOptions): void {
  scope.post('/session', {
    config: { kind: 'sessions', schemes: ['basic'], credentialsInBody: true },
    schema: { summary: 'A session, in the place of a password', body: credentials, querystring: noQuery, response: { 201: opened } }
  }, async (request, reply) => {
    const answer = await openSession(request, options)
    reply.code(201)
    return answer
  })
  scope.delete('/session', {
    config: { kind: 'sessions', schemes: ['dpop'] },
    schema: { summary: 'The end of a session', querystring: noQuery, response: { 204: Type.Null({ description: 'The session is over, on all nodes.' }) } }
  }, async (request, reply) => {
    await endSession(request, options)
    reply.code(204)
  })
}

/** Opens a session. The signature is verified last, because it costs more than everything but the password. */
async function openSession (request: FastifyRequest, { sessions, usedProofs, audit, metrics, identityForm }: SessionRouteOptions) {
  const caller = request.caller!
  const identity = inForm(caller.identity, identityForm)
  const { proof, id, ...answer } = sessions!.open(request.openingProof!, loginName(request.claimedUsername!)!, caller)
  await usedProofs.use(proof)
  await audit.record({
    event: 'session.opened', ...requesterOf(request), caller: caller.name, identity, via: 'basic', sessionId: id, ttl: answer.expiresIn, expiresAt: answer.expiresAt
  })
  request.isAudited = true
  metrics.sessionOpened()
  const { session, ...rest } = answer
  return { session, identity, ...rest }
}

/** Ends a session, even if the audit line can only be written later. */
async function endSession (request: FastifyRequest, { sessions, audit, identityForm }: SessionRouteOptions): Promise<void> {
  const { id, caller } = request.session!
  const identity = inForm(caller.identity, identityForm)
  await sessions!.end(request.session!)
  await audit.record({ event: 'session.ended', ...requesterOf(request), caller: caller.name, identity, via: 'session', sessionId: id })
    .then(() => { request.isAudited = true }, () => {})
}

function requesterOf ({ id, address, trace, headers: { origin } }: FastifyRequest) {
  return { requestId: id, ip: address, origin, traceId: trace?.traceId }
}
