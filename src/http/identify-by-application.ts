import { isRecord } from '../lib/is-record.js'
import { credentialsMissing, type IdentifyOptions } from './identify.js'
import type { RequestStep } from './request-step.js'

/** Lets the application say who is asking, where neither a header nor the body did. A password in the body is never passed over. */
export function identifyByApplication ({ schemes }: IdentifyOptions): RequestStep {
  return (request, reply) => {
    const { caller, recognizedScheme: scheme, body } = request
    if (caller !== null) return
    if (scheme === null || (isRecord(body) && (body.username !== undefined || body.password !== undefined))) throw credentialsMissing(request, schemes)
    request.scheme = scheme
    return scheme.identify(request, reply)
  }
}
