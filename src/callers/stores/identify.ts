import { withTimeout } from '../../lib/with-timeout.js'
import { Problem, problem } from '../../problems.js'
import type { Caller, LoginContext } from '../store.js'
import { CallerAnswers } from './answered.js'
import { MAX_CALLS, type ApplicationRequest } from './authenticate.js'
import type { IdentityOwners } from './identity-owners.js'
import { HashQueue } from '../passwords/hash-queue.js'
import { unusable, type StoreLog } from './remote.js'

/**
 * Who is signed in with the application: the caller's `name`; the `identity` inside tokens, if it differs; and the `groups`, for the
 * policy. Null: nobody.
 */
export type Identified = { name: string, identity?: string, groups?: readonly string[] | null } | null

interface Identifier {
  // A method, not a function property, so that an application may give `request` the type of its own Fastify.
  identify (request: ApplicationRequest): Identified | Promise<Identified>
}

/**
 * Says who is signed in to the application already, by its cookie for instance.
 * @param request the application's; give it the type `FastifyRequest` where you need more than `ApplicationRequest` has
 * @returns null where nobody is; what it throws is an outage
 */
export type Identify = Identifier['identify']

/** Who sends a request, as the application around the broker knows; null where it knows nobody. */
export type IdentifyRequest = (login: LoginContext) => Promise<Caller | null>

export interface IdentifyOptions {
  identify: Identify
  log: StoreLog
  owners: IdentityOwners
  /** Milliseconds that one call may take. */
  timeoutMs?: number
}

/**
 * A function of the application around the broker that knows who is signed in.
 * @returns a function that throws Problem `store-unavailable` for an answer that is neither a caller nor null
 */
export function applicationIdentity ({ identify, log, owners, timeoutMs = 5000 }: IdentifyOptions): IdentifyRequest {
  const queue = new HashQueue({ maxRunning: MAX_CALLS })
  const callers = new CallerAnswers('identify', log, owners)

  return async login => {
    const call = () => withTimeout(timeoutMs, `identify did not answer within ${timeoutMs} ms`, async () => identify(login.hostRequest as ApplicationRequest))
    const answer: unknown = await queue.run(login, call).catch((error: unknown) => {
      login.signal.throwIfAborted()
      throw error instanceof Problem ? error : problem('store-unavailable', { retryAfter: 5, cause: error })
    })
    if (answer === null) return null
    if (typeof answer !== 'object') throw unusable('identify returned neither an object nor null')
    const { name } = answer as { name?: unknown }
    if (typeof name !== 'string') throw unusable('identify answered a name that is not a text')
    return callers.callerOf(name, answer)
  }
}
