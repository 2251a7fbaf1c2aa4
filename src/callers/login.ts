import type { Ask } from '../limits/counters.js'
import { Problem, problem } from '../problems.js'
import type { GuessLimiter, LoginAttempt } from './guess-limiter.js'
import { loginName } from '../caller.js'
import { usablePassword } from './password-rules.js'
import type { Caller, CallerStore, Login } from './store.js'
import { VerifiedCache } from './verified-cache.js'

/** Decides a login. Returns or resolves to the caller. @throws Problem what the answer is */
export type SignIn = (name: string, password: string, login: Login) => Caller | Promise<Caller>

export interface LoginParts {
  store: CallerStore
  guard: GuessLimiter
  verified?: VerifiedCache
}

interface Credentials {
  readonly name: string
  readonly password: string
}

/**
 * Who the credentials belong to. The order is the security:
 * what nobody is called costs no look-up; a place among the guesses comes before any comparison, also with what is remembered;
 * and nothing but a `Caller` that the store gave in time is taken for one.
 */
export class Logins {
  readonly #store: CallerStore
  readonly #guard: GuessLimiter
  readonly #verified: VerifiedCache

  constructor ({ store, guard, verified = new VerifiedCache(store) }: LoginParts) {
    this.#store = store
    this.#guard = guard
    this.#verified = verified
  }

  /**
   * Answers or throws at once where it can: a caller that is remembered, or credentials that nobody has. Else it answers a promise, which settles once
   * the store does: one whose signal is aborted should soon. What it then says of the password stands.
   * @throws Problem `credentials-wrong`, `login-limited`, `overloaded`, `store-unavailable` or `limiter-unavailable`;
   * or the reason that the signal was aborted with
   */
  login (sentName: string, sentPassword: string, login: Login): Caller | Promise<Caller> {
    const name = loginName(sentName)
    const password = usablePassword(sentPassword)
    if (name === undefined || password === undefined) throw problem('credentials-wrong')
    const remembered = this.#guard.tryFastPath(name, login.ip, () => this.#verified.get(name, password))
    if (remembered !== undefined) return remembered
    const place = this.#guard.reserve(name, login)
    return place instanceof Promise
      ? place.then(place => this.#compare({ name, password }, place, login))
      : this.#compare({ name, password }, place, login)
  }

  /**
   * What a login will ask the counters for; then, if they grant it, who it will be at once. Only for what changes no answer,
   * as the second step compares a password that has no place yet.
   */
  * foresee (sentName: string, sentPassword: string, ip: string): Generator<Ask, Caller | undefined, void> {
    const name = loginName(sentName)
    const password = usablePassword(sentPassword)
    if (name === undefined || password === undefined) return
    yield * this.#guard.asks(name, ip)
    return this.#verified.get(name, password) ?? undefined
  }

  #compare ({ name, password }: Credentials, place: LoginAttempt, login: Login): Caller | Promise<Caller> {
    const found = place.mayRecall ? this.#verified.get(name, password) : undefined
    if (!found) return this.#ask({ name, password }, place, login, found === null)
    place.succeeded()
    return found
  }

  /** @param hasGuessed whether the password was compared with a remembered one */
  async #ask ({ name, password }: Credentials, place: LoginAttempt, login: Login, hasGuessed: boolean): Promise<Caller> {
    if (login.signal.aborted) {
      place.cancelled(hasGuessed)
      throw login.signal.reason
    }
    let answer: unknown
    try {
      answer = await this.#store.verify(name, password, login)
    } catch (error) {
      // A refusal that is thrown where null was to be answered is still a wrong password; an outage is none, nor is a login that left before its hash began.
      const isRefusal = error instanceof Problem && error.status < 500
      if (isRefusal) place.failed()
      else place.cancelled(hasGuessed)
      if (!isRefusal) login.signal.throwIfAborted()
      throw error instanceof Problem ? error : unavailable(error)
    }
    // Only now does the place come free, so that to hang up buys no further hash; and a wrong password is one, whether or not somebody waits to hear it.
    if (answer === null) {
      place.failed()
      // Also where nobody is there any more to hear it: it goes on record.
      throw problem('credentials-wrong')
    }
    if (login.signal.aborted) {
      place.cancelled()
      throw login.signal.reason
    }
    if (!isCaller(answer)) {
      place.cancelled(hasGuessed)
      throw unavailable(new TypeError('the store answered neither a caller nor null'))
    }
    place.succeeded()
    this.#verified.set(name, password, answer)
    return answer
  }
}

function isCaller (answer: unknown): answer is Caller {
  return typeof answer === 'object' && answer !== null &&
    'name' in answer && isText(answer.name) && 'identity' in answer && isText(answer.identity)
}

function isText (value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function unavailable (cause: unknown) {
  return problem('store-unavailable', { retryAfter: 5, cause })
}
