import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IdentifyRequest } from '../callers/stores/identify.js'
import { problem } from '../problems.js'
import type { Origins } from './origins.js'
import { RequestLogin } from './request-login.js'
import type { Scheme } from './scheme.js'

export interface ApplicationAuthOptions {
  /** Undefined without an application that says who is signed in. */
  identify: IdentifyRequest | undefined
  /** The origins that the application listens on, and that of PUBLIC_URL. */
  ownOrigins: Origins
}

/**
 * Authenticates the user who is signed in with the application that contains the broker, for example by its cookie. Browsers send cookies
 * whichever page makes the request. So the request must be one that no form, image or script of another site can send, and come from a page
 * of the application itself.
 */
export async function applicationAuth (
  _scope: FastifyInstance,
  { identify, ownOrigins }: ApplicationAuthOptions
): Promise<Scheme | undefined> {
  return identify && {
    name: 'application',
    via: 'application',
    usage: 'JSON by POST with the header X-Requested-With, from a page of the application that its user is signed in with',
    // Not an HTTP scheme: for Basic, browsers would ask for a password that nobody has.
    challenge: () => 'Application realm="twilio-token-broker"',
    recognizes: isFromPage,
    async identify (request, reply) {
      const { origin } = request.headers
      if (origin === undefined || !ownOrigins.has(origin)) throw problem('origin-refused', { detail: 'Only pages of the application itself may ask without credentials: this request names another origin, or none.' })
      const caller = await identify(new RequestLogin(request, reply))
      if (caller === null) throw problem('credentials-missing', { detail: 'Nobody is signed in with the application.' })
      request.caller = caller
    }
  }
}

/** Forms cannot send JSON, and the other header needs a preflight from another origin, which the broker does not allow. */
function isFromPage ({ method, headers: { authorization, 'content-type': type = '', 'x-requested-with': requestedWith } }: FastifyRequest): boolean {
  return method === 'POST' && authorization === undefined && /^application\/json *(;|$)/i.test(type) && requestedWith !== undefined && requestedWith !== ''
}
