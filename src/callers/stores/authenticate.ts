import type { IncomingHttpHeaders } from 'node:http'
import { withTimeout } from '../../lib/with-timeout.js'
import { CallerAnswers, type Answered } from './answered.js'
import type { SessionStore } from '../store.js'
import type { OpenStore } from './open-store.js'
import type { IdentityOwners } from './identity-owners.js'
import { HashQueue } from '../passwords/hash-queue.js'
import { unusable, type StoreLog } from './remote.js'

/**
 * Who signed in: true, or an object with optional properties. `name`: the caller's canonical name, if the login accepts several spellings.
 * `identity`: the name inside tokens, if it differs. `groups`: for the policy. Anything else refuses the login.
 */
export type Authenticated = { name?: string, identity?: string, groups?: readonly string[] | null } | boolean | null

/**
 * The properties that the application's request has in every version of Fastify. At runtime it is the request itself, with everything that
 * hooks and decorators have added.
 */
export interface ApplicationRequest {
  readonly id: string
  readonly ip: string
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

interface Authenticator {
  // A method, not a function property, so that an application may give `request` the type of its own Fastify.
  authenticate (username: string, password: string, request: ApplicationRequest): Authenticated | Promise<Authenticated>
}

/**
 * The application's own login.
 * @param request the application's; give it the type `FastifyRequest` where you need more than `ApplicationRequest` has
 * @returns true or an object for a right password, null or false for a wrong one or an unknown name; what it throws is an outage
 */
export type Authenticate = Authenticator['authenticate']

export interface ApplicationOptions {
  authenticate: Authenticate
  log: StoreLog
  /** Milliseconds. */
  cacheMs: number
  owners?: IdentityOwners
  /** Milliseconds that one call may take. */
  timeoutMs?: number
}

/** Maximum number of parallel calls, as for LOGIN_URL: a flood of logins at the broker must not become one in the application. */
export const MAX_CALLS = 16

/** A function of the application around the broker as the store. */
export function applicationStore (
  { authenticate, log, cacheMs, owners, timeoutMs = 5000 }: ApplicationOptions
): OpenStore & { readonly sessions: SessionStore } {
  const queue = new HashQueue({ maxRunning: MAX_CALLS })
  const callers = new CallerAnswers('authenticate', log, owners)

  return {
    ready: true,
    cacheMs,
    isCurrent: () => true,
    // Between two sign-ins, the broker cannot ask the application about its users.
    sessions: {
      kind: 'authenticate',
      standingOf: caller => ({ caller, credential: '', groups: caller.groups }),
      find: ({ caller }) => ({ caller, credential: '' })
    },

    async verify (name, password, login) {
      // A login that hangs must not hold its place for ever.
      const answer: unknown = await queue.run(login, () => withTimeout(timeoutMs, `authenticate did not answer within ${timeoutMs} ms`, async () => authenticate(name, password, login.hostRequest as ApplicationRequest)))
      if (answer === null || answer === false) return null
      return callers.callerOf(name, answeredIn(answer))
    },

    reload: async () => {},
    close: async () => {}
  }
}

/** Refuses anything else that a function may return by mistake, such as undefined or a list. */
function answeredIn (answer: unknown): Answered {
  if (answer === true) return {}
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw unusable('authenticate returned neither an object, a boolean nor null')
  return answer
}
