import type { preHandlerHookHandler } from 'fastify'
import { decide, type DecisionOptions } from '../policy/decide.js'
import type { CommonRequest } from '../products/schemas.js'

/** Asks the policy for the caller's identity and token life, and refuses those that it does not allow. */
export function decideByPolicy (options: DecisionOptions): preHandlerHookHandler {
  return (request, _reply, done) => {
    request.decision = decide(options, request.caller!, request.body as CommonRequest)
    done()
  }
}
