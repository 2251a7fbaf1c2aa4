import { isRecord } from '../lib/is-record.js'
import { credentialsMissing, type IdentifyOptions } from './identify.js'
import type { RequestStep } from './request-step.js'

/** Asks the application for the caller if neither a header nor the body names one. A password in the body is never ignored. */
export function identifyByApplication ({ schemes }: IdentifyOptions): RequestStep {
  return (request, reply) => {
    const { caller, schemeWithoutHeader: scheme, body } = request
    if (caller !== null) return
    const hasPassword = isRecord(body) && (body.username !== undefined || body.password !== undefined)
    if (scheme === null || hasPassword) throw credentialsMissing(request, schemes)
    request.scheme = scheme
    return scheme.identify(request, reply)
  }
}
