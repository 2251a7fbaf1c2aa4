import { loginName } from '../caller.js'
import type { PlannedHit } from '../limits/counters.js'
import { Problem, problem } from '../problems.js'
import type { GuessLimiter } from './guess-limiter.js'
import type { LoginAttempt } from './login-attempt.js'
import { usablePassword } from './password-rules.js'
import type { Caller, CallerStore, LoginContext } from './store.js'
import { VerifiedCache } from './verified-cache.js'

/** Signs a caller in. Returns or resolves to the caller, or fails with the Problem to answer. */
export type SignIn = (name: string, password: string, context: LoginContext) => Caller | Promise<Caller>

export interface LoginParts {
  store: CallerStore
  guessLimiter: GuessLimiter
  verifiedCache?: VerifiedCache
}

/** A name and a password in NFC, both of a form that a caller may have. */
interface NormalizedCredentials {
  readonly name: string
  readonly password: string
}

/**
 * Signs callers in. The order is the security: a malformed name or password costs no look-up; an attempt is reserved before any comparison,
 * also with the cache; and only a `Caller` that the store returned while the client was connected is let in.
 * @example
 * const logins = new Logins({ store, guessLimiter })
 * const caller = await logins.login('susan', 'secret123', { ip: '192.0.2.1', signal })
 */
export class Logins {
  readonly #store: CallerStore
  readonly #guessLimiter: GuessLimiter
  readonly #verifiedCache: VerifiedCache

  constructor ({ store, guessLimiter, verifiedCache = new VerifiedCache(store) }: LoginParts) {
    this.#store = store
    this.#guessLimiter = guessLimiter
    this.#verifiedCache = verifiedCache
  }

  /**
   * Decides one login. Returns or throws synchronously for a cached caller and for malformed credentials; otherwise returns a promise,
   * which settles when the store does. A store should settle soon after the signal is aborted; what it says about the password still
   * counts.
   * @throws Problem `credentials-wrong`, `login-limited`, `overloaded`, `store-unavailable` or `limiter-unavailable`; or the reason of the
   * aborted signal
   */
  login (sentName: string, sentPassword: string, context: LoginContext): Caller | Promise<Caller> {
    const name = loginName(sentName)
    const password = usablePassword(sentPassword)
    if (name === undefined || password === undefined) throw problem('credentials-wrong')
    const cached = this.#guessLimiter.tryFastPath(name, context.ip, () => this.#verifiedCache.get(name, password))
    if (cached !== undefined) return cached
    const attempt = this.#guessLimiter.reserve(name, context)
    return attempt instanceof Promise
      ? attempt.then(attempt => this.#compare({ name, password }, attempt, context))
      : this.#compare({ name, password }, attempt, context)
  }

  /**
   * Yields the hits that a login will count; then returns the caller, if cached. Use the result only where it changes no answer: this
   * compares a password without a reserved attempt.
   */
  * planHits (sentName: string, sentPassword: string, ip: string): Generator<PlannedHit, Caller | undefined, void> {
    const name = loginName(sentName)
    const password = usablePassword(sentPassword)
    if (name === undefined || password === undefined) return
    yield * this.#guessLimiter.plannedHits(name, ip)
    return this.#verifiedCache.get(name, password) ?? undefined
  }

  #compare (credentials: NormalizedCredentials, attempt: LoginAttempt, context: LoginContext): Caller | Promise<Caller> {
    const cached = attempt.mayUseCache ? this.#verifiedCache.get(credentials.name, credentials.password) : undefined
    if (!cached) return this.#askStore(credentials, attempt, context, cached === null)
    attempt.succeeded()
    return cached
  }

  /** @param hasGuessed whether the password was compared with a cached one, and differed */
  async #askStore (credentials: NormalizedCredentials, attempt: LoginAttempt, context: LoginContext, hasGuessed: boolean): Promise<Caller> {
    const { name, password } = credentials
    const { signal } = context
    if (signal.aborted) {
      attempt.cancelled(hasGuessed)
      throw signal.reason
    }
    let answer: unknown
    try {
      answer = await this.#store.verify(name, password, context)
    } catch (error) {
      // A store that throws a refusal instead of returning null also means a wrong password. An outage does not, nor a hang-up before the
      // hash.
      const isRefusal = error instanceof Problem && error.status < 500
      if (isRefusal) attempt.failed()
      else attempt.cancelled(hasGuessed)
      if (!isRefusal) signal.throwIfAborted()
      throw error instanceof Problem ? error : unavailable(error)
    }
    // The attempt ends only now, so that hanging up early buys no further hash. A wrong password counts although the client has left.
    if (answer === null) {
      attempt.failed()
      // Thrown although the client may have left, so that the audit records the wrong password.
      throw problem('credentials-wrong')
    }
    if (signal.aborted) {
      attempt.cancelled()
      throw signal.reason
    }
    if (!isCaller(answer)) {
      attempt.cancelled(hasGuessed)
      throw unavailable(new TypeError('the store answered neither a caller nor null'))
    }
    attempt.succeeded()
    this.#verifiedCache.set(name, password, answer)
    return answer
  }
}

function isCaller (answer: unknown): answer is Caller {
  return typeof answer === 'object' && answer !== null &&
    'name' in answer && isNonEmptyText(answer.name) && 'identity' in answer && isNonEmptyText(answer.identity)
}

function isNonEmptyText (value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function unavailable (cause: unknown) {
  return problem('store-unavailable', { retryAfter: 5, cause })
}
