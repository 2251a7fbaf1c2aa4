import { randomBytes } from 'node:crypto'
import { mistake } from '../../lib/diagnostic.js'
import { isRecord } from '../../lib/is-record.js'
import { HashQueue } from '../passwords/hash-queue.js'
import type { LoginContext } from '../store.js'
import { CallerAnswers, type Answered } from './answered.js'
import { Circuit } from './circuit-breaker.js'
import { LoginEndpoint, type EndpointAnswer } from './login-endpoint.js'
import { LoginVersions } from './login-versions.js'
import { cacheMs, logOutages, unusable, type RemoteStore, type StoreLog } from './remote.js'

export interface LoginUrlOptions {
  /** Answers `POST {"username","password"}`. A user and password inside it are sent as HTTP Basic credentials of the broker. */
  url: string
  log: StoreLog
}

/**
 * Each login costs the application a hash, so logins wait in the same fair queue as hashes: a flood at the broker must not become one
 * there.
 */
const MAX_PARALLEL_LOGINS = 16

const REFUSALS = new Set([401, 403])

/** The answers of a URL that is not a login: a redirect, or no such path, method or content type. */
const NO_LOGIN = new Set([301, 302, 303, 307, 308, 404, 405, 415])

/**
 * The application's own login as the store: 200 with a JSON object is yes, 401 and 403 are no, anything else is an outage.
 * Each login is one request, whether or not the name exists; that both take the same time is up to the endpoint.
 *
 * Only an endpoint that does not answer, or answers 500 and above, counts towards the circuit breaker. Other answers prove that it works.
 * Besides, clients could cause them with certain names, and so lock everybody out.
 */
export function loginUrlStore ({ url, log }: LoginUrlOptions): RemoteStore {
  const endpoint = new LoginEndpoint(url, MAX_PARALLEL_LOGINS)
  const queue = new HashQueue({ maxRunning: MAX_PARALLEL_LOGINS })
  const askForNobody = (signal: AbortSignal) => endpoint.ask(inventedLogin(), signal)
  const circuit = new Circuit({ probe: askForNobody, onChange: logOutages('LOGIN_URL', log) })
  const ask = (question: object, login: LoginContext) => queue.run(
    login,
    () => circuit.run(signal => endpoint.ask(question, signal, login))
  )
  const callers = new CallerAnswers('LOGIN_URL', log)

  const sessions = new LoginVersions(async (username, version, login) => {
    const { status, json } = await ask({ username, version }, login)
    if (status !== 200 && !REFUSALS.has(status)) throw unusable(`LOGIN_URL answered ${status}`)
    return status === 200 && json
  })

  return {
    cacheMs,
    get ready () { return !circuit.open },
    isCurrent: () => true,
    sessions,

    async verify (name, password, login) {
      const asked = sessions.asking()
      const answer = await ask({ username: name, password }, login)
      if (REFUSALS.has(answer.status)) return null
      const answered = answeredIn(answer)
      return sessions.signedIn(name, callers.callerOf(name, answered), answered.version, asked)
    },

    async check () {
      const { status } = await circuit.runFirst(askForNobody)
      if (status === 200) return [mistake('LOGIN_URL', 'insecure', 'LOGIN_URL says yes to a name and password that were made up: it must answer 401 or 403')]
      return NO_LOGIN.has(status) ? [mistake('LOGIN_URL', 'invalid', `LOGIN_URL answers ${status} to a POST of JSON, so it is not a login`)] : []
    },

    async close () {
      circuit.close()
      await endpoint.close()
    }
  }
}

/** The password is random, so that it is wrong even if somebody has the name. */
function inventedLogin () {
  return { username: 'twilio-token-broker-check', password: randomBytes(24).toString('base64url') }
}

/** A 200 without a JSON object is not a yes: login pages answer 200 to everything, and so do misconfigured proxies. */
function answeredIn ({ status, json }: EndpointAnswer): Answered & { version?: unknown } {
  if (status !== 200) throw unusable(`LOGIN_URL answered ${status}`)
  if (!isRecord(json)) throw unusable('LOGIN_URL answered 200 without a JSON object')
  return json
}
