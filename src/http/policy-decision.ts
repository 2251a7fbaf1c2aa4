import { decide, type DecisionOptions } from '../policy/decide.js'
import type { CommonRequest } from '../products/schemas.js'
import type { RequestStep } from './request-step.js'

/** Asks the policy for the caller's identity and token life, and refuses those that it does not allow. */
export function decideByPolicy (options: DecisionOptions): RequestStep {
  return request => {
    request.decision = decide(options, request.caller!, request.body as CommonRequest)
  }
}
