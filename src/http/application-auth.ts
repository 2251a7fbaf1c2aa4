import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IdentifyRequest } from '../callers/stores/identify.js'
import { problem } from '../problems.js'
import type { Origins } from './origins.js'
import { RequestLogin } from './request-login.js'
import type { Scheme } from './scheme.js'

export interface ApplicationAuthOptions {
  /** Undefined where no application around the broker says who is signed in. */
  identify: IdentifyRequest | undefined
  /** The origins of the application itself: where it listens, and PUBLIC_URL. */
  ownOrigins: Origins
}

/**
 * Whoever is signed in with the application around the broker, by its cookie for instance. Browsers send cookies by themselves, whichever page asks: so only
 * requests are taken that no form, image or script of another site can send, and only from pages of the application itself.
 */
export async function applicationAuth (_scope: FastifyInstance, { identify, ownOrigins }: ApplicationAuthOptions): Promise<Scheme | undefined> {
  return identify && {
    name: 'application',
    via: 'application',
    usage: 'JSON by POST with the header X-Requested-With, from a page of the application that its user is signed in with',
    // No scheme of HTTP: browsers answer Basic with a dialog for a password that nobody has.
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

/** Forms cannot send JSON, and no page can send the other header to another origin without asking by a preflight, which the broker does not allow. */
function isFromPage ({ method, headers: { authorization, 'content-type': type = '', 'x-requested-with': requestedWith } }: FastifyRequest): boolean {
  return method === 'POST' && authorization === undefined && /^application\/json *(;|$)/i.test(type) && requestedWith !== undefined && requestedWith !== ''
}
