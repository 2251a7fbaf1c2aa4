import { isDeepStrictEqual } from 'node:util'
import type { Caller, FoundStanding, LoginContext, SessionHolder, SessionStore, Standing } from '../store.js'
import { MinuteAnswers, type Asked } from './minute-answers.js'

/** Sessions of callers in a database. The next look-up finds a changed row: within a minute. */
export class DatabaseSessions implements SessionStore {
  readonly kind = 'database'
  readonly #lookUp: (login: string) => Promise<Standing | null>
  /** The callers whose password was right. */
  readonly #signedIn = new WeakMap<Caller, { login: string, standing: Standing }>()
  readonly #found: MinuteAnswers<Standing | null>

  /** @param now a monotonic clock, in milliseconds */
  constructor (lookUp: (login: string) => Promise<Standing | null>, now?: () => number) {
    this.#lookUp = lookUp
    this.#found = new MinuteAnswers(now)
  }

  /** Call it before the look-up of a sign-in. */
  asking (): Asked {
    return this.#found.asking()
  }

  /** Stores the result of a look-up whose password was right. */
  signedIn (login: string, standing: Standing, asked: Asked): Caller {
    this.#signedIn.set(standing.caller, { login, standing })
    this.#found.note(login, standing, asked)
    return standing.caller
  }

  /** Whether no later look-up has found the caller changed. */
  isCurrent (caller: Caller): boolean {
    const known = this.#signedIn.get(caller)
    const latest = known && this.#found.latest(known.login)
    return known === undefined || latest === undefined || (latest !== null && isSame(latest, known.standing))
  }

  standingOf (caller: Caller): Standing | undefined {
    return this.#signedIn.get(caller)?.standing
  }

  find ({ login }: SessionHolder, _login: LoginContext, after?: number): FoundStanding | Promise<FoundStanding> {
    return this.#found.get(login, () => this.#lookUp(login), after)
  }
}

function isSame (one: Standing, other: Standing): boolean {
  return one.credential === other.credential && one.caller.name === other.caller.name && one.caller.identity === other.caller.identity &&
    isDeepStrictEqual(one.caller.groups, other.caller.groups)
}
