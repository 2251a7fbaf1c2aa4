import { decide, type DecisionOptions } from '../policy/decide.js'
import type { CommonRequest } from '../products/schemas.js'
import type { RequestStep } from './request-step.js'

/** Decides identity and token life by the policy, and refuses what it does not allow. */
export function decideByPolicy (options: DecisionOptions): RequestStep {
  return request => {
    request.decision = decide(options, request.caller!, request.body as CommonRequest)
  }
}
