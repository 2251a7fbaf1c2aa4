import type { preValidationHookHandler } from 'fastify'
import { isRecord } from '../lib/is-record.js'
import { credentialsMissing, type IdentifyOptions } from './identify.js'

/** Lets the application say who is asking, where neither a header nor the body did. A password in the body is never passed over. */
export function identifyByApplication ({ schemes }: IdentifyOptions): preValidationHookHandler {
  return (request, reply, done) => {
    const { caller, recognizedScheme: scheme, body } = request
    if (caller !== null) return done()
    if (scheme === null || (isRecord(body) && (body.username !== undefined || body.password !== undefined))) return done(credentialsMissing(request, schemes))
    request.scheme = scheme
    scheme.identify(request, reply).then(() => done(), done)
  }
}
