import { isRecord } from '../../lib/is-record.js'
import type { Caller, FoundStanding, LoginContext, SessionHolder, SessionStore, Standing } from '../store.js'
import { answeredGroups } from './answered.js'
import { MinuteAnswers, type Asked } from './minute-answers.js'
import { unusable } from './remote.js'

/** UTF-8. Every session of the caller contains the version. */
const MAX_VERSION_BYTES = 128

/**
 * Asks LOGIN_URL whether a version that it returned before is still valid.
 * @returns false if not; else its JSON answer
 */
export type AskVersion = (username: string, version: string, login: LoginContext) => Promise<unknown>

/**
 * Sessions of callers at LOGIN_URL. The broker learns of a changed password only if each yes has a `version` that changes with it. Then it
 * asks the endpoint at renewals, at most once a minute for a caller; the sign-in counts as the first question.
 */
export class LoginVersions implements SessionStore {
  readonly kind = 'login-url'
  readonly #ask: AskVersion
  readonly #standings = new WeakMap<Caller, Standing>()
  readonly #found: MinuteAnswers<FoundStanding>

  /** @param now a monotonic clock, in milliseconds */
  constructor (ask: AskVersion, now?: () => number) {
    this.#ask = ask
    this.#found = new MinuteAnswers(now)
  }

  /** Call it before a sign-in sends its request. */
  asking (): Asked {
    return this.#found.asking()
  }

  /**
   * Remembers the `version` in LOGIN_URL's answer to a sign-in, which stands for the caller's current password.
   * @throws Problem `store-unavailable` for a version that is too long or no text
   */
  signedIn (login: string, caller: Caller, version: unknown, asked: Asked): Caller {
    const standing = { caller, credential: '', version: versionIn(version), groups: caller.groups }
    this.#standings.set(caller, standing)
    if (standing.version !== undefined) this.#found.note(keyOf(login, standing.version), standing, asked)
    return caller
  }

  standingOf (caller: Caller): Standing | undefined {
    return this.#standings.get(caller)
  }

  find (holder: SessionHolder, { ip, traceparent }: LoginContext): FoundStanding | Promise<FoundStanding> {
    const { login, version } = holder
    if (version === undefined) return standingOf(holder)
    // Not aborted when this client disconnects: others may wait for the same answer.
    const found = this.#found.get(
      keyOf(login, version),
      async () => foundIn(await this.#ask(login, version, { ip, traceparent, signal: new AbortController().signal }), holder)
    )
    return found.then(found => groupsKnown(found) ? found : standingOf(holder))
  }
}

function keyOf (login: string, version: string): string {
  return `${login}\0${version}`
}

function standingOf ({ caller, version }: SessionHolder): Standing {
  return { caller, credential: '', version }
}

/** Some endpoints answer the changed caller instead of a no: that ends the session, too. */
function foundIn (answer: unknown, holder: SessionHolder): FoundStanding {
  if (answer === false) return 'ended'
  const { name, identity, version, groups } = isRecord(answer) ? answer : {}
  const { caller } = holder
  const isChanged = differs(name, caller.asTyped ? name : caller.name) ||
    differs(identity, caller.identity) || differs(version, holder.version)
  if (isChanged) return 'ended'
  if (groups === undefined) return standingOf(holder)
  const said = answeredGroups('LOGIN_URL', groups)
  return { ...standingOf({ ...holder, caller: { ...caller, groups: said } }), groups: said ?? [] }
}

/**
 * Whether LOGIN_URL answered the caller's groups. If not, each session keeps the groups that it was opened with, which can differ between
 * sessions of a caller.
 */
function groupsKnown (found: FoundStanding): boolean {
  return found === null || found === 'ended' || found.groups !== undefined
}

/** A property that is missing has not changed. */
function differs (said: unknown, known: unknown): boolean {
  return said !== undefined && said !== null && (typeof said === 'string' ? said.normalize('NFC') : said) !== known
}

function versionIn (version: unknown): string | undefined {
  if (version === undefined || version === null) return undefined
  if (typeof version !== 'string' || Buffer.byteLength(version) > MAX_VERSION_BYTES || /[\p{Cc}\p{Cs}]/u.test(version)) {
    throw unusable(`LOGIN_URL answered a version that is not a text of at most ${MAX_VERSION_BYTES} bytes without control characters`)
  }
  return version
}
