import type { onRequestHookHandler } from 'fastify'
import { problem } from '../problems.js'

/**
 * Refuses other methods than the token routes have, whatever the path. RFC 9110 §15.5.6: a 405 lists the methods that there
 * are. HEAD is none of them, as it would issue a token that nobody reads.
 */
export function rejectMethod ({ tokenPath }: { tokenPath: string }): onRequestHookHandler {
  return ({ method, url }, _reply, done) => {
    if (method === 'POST') return done()
    const allowed = url.split('?', 1)[0] === tokenPath ? ['POST'] : ['GET', 'POST']
    done(allowed.includes(method) ? undefined : problem('method-not-allowed', { headers: { Allow: allowed.join(', ') } }))
  }
}
