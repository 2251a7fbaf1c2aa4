import { mistake } from '../../lib/diagnostic.js'
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'undici'
import { CallerAnswers, type Answered } from './answered.js'
import { Circuit } from './circuit-breaker.js'
import { HashQueue } from '../passwords/hash-queue.js'
import type { LoginContext } from '../store.js'
import { LoginVersions } from './login-versions.js'
import { cacheMs, logOutages, unusable, type RemoteStore, type StoreLog } from './remote.js'

export interface LoginUrlOptions {
  /** Takes `POST {"username","password"}`. A user and password inside it are sent as HTTP Basic credentials of the broker's own. */
  url: string
  log: StoreLog
}

/**
 * Logins that the endpoint sees at once. The same fair queue that bounds hashes elsewhere stands before it, because here
 * too each login costs a hash, on the application's machine: a flood at the broker must not become one there.
 */
const atOnce = 16
/** Bytes of an answer. */
const longestAnswer = 16_384
/** Milliseconds: as long as the circuit gives the whole, which ends what comes after it too. */
const connectTime = 800
/** Milliseconds. Shorter than servers keep a silent connection, so that none is closed under a login. */
const idleTime = 1000

const no = new Set([401, 403])

/** Answers that say the URL is no login at all: a redirect, nothing there, no POST, no JSON. */
const elsewhere = new Set([301, 302, 303, 307, 308, 404, 405, 415])

interface Answer {
  readonly status: number
  /** Of a 200 only. */
  readonly body: Buffer
}

/**
 * The application's own login as the store: 200 with a JSON object is yes, 401 and 403 are no, anything else is an outage.
 * Each login is one request, whether or not the name exists. That both take the same time is the endpoint's own business.
 *
 * Only a server that does not answer, or answers 500 and above, counts towards the circuit: other answers come from a
 * server that is there, and some names would bring them about, so that a stranger could shut everyone out.
 */
export function loginUrlStore ({ url, log }: LoginUrlOptions): RemoteStore {
  const { target, headers } = address(url)
  const agent = new Agent({
    connections: atOnce,
    connect: { timeout: connectTime },
    // The circuit's signal ends a request, to the millisecond; undici's own timers are coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleTime,
    keepAliveMaxTimeout: idleTime
  })
  const queue = new HashQueue({ maxRunning: atOnce })
  const circuit = new Circuit({ probe: askForNobody, onChange: logOutages('LOGIN_URL', log) })
  const callers = new CallerAnswers('LOGIN_URL', log)

  const sessions = new LoginVersions(async (username, version, login) => {
    const { status, body } = await queue.run(login, () => circuit.run(signal => ask({ username, version }, signal, login)))
    if (status !== 200 && !no.has(status)) throw unusable(`LOGIN_URL answered ${status}`)
    return status === 200 && parse(body)
  })

  async function ask (what: object, signal: AbortSignal, { traceparent }: Pick<LoginContext, 'traceparent'> = {}): Promise<Answer> {
    // Redirects are not followed: the password is for this URL alone.
    const { statusCode: status, body } = await request(target, {
      dispatcher: agent, method: 'POST', headers: { ...headers, ...(traceparent && { traceparent }) }, body: JSON.stringify(what), signal
    })
    if (status === 200) return { status, body: await read(body) }
    await body.dump({ limit: longestAnswer })
    if (status >= 500) throw new Error(`LOGIN_URL answered ${status}`)
    return { status, body: Buffer.alloc(0) }
  }

  /** A login that nobody has; the password is random, so that it stays wrong even where the name exists. */
  function askForNobody (signal: AbortSignal) {
    return ask({ username: 'twilio-token-broker-check', password: randomBytes(24).toString('base64url') }, signal)
  }

  return {
    cacheMs,
    get ready () { return !circuit.open },
    isCurrent: () => true,
    sessions,

    async verify (name, password, login) {
      const asked = sessions.asking()
      const answer = await queue.run(login, () => circuit.run(signal => ask({ username: name, password }, signal, login)))
      if (no.has(answer.status)) return null
      const answered = answeredIn(answer)
      return sessions.signedIn(name, callers.callerOf(name, answered), answered.version, asked)
    },

    async check () {
      const { status } = await circuit.runFirst(askForNobody)
      if (status === 200) return [mistake('LOGIN_URL', 'insecure', 'LOGIN_URL says yes to a name and password that were made up: it must answer 401 or 403')]
      return elsewhere.has(status) ? [mistake('LOGIN_URL', 'invalid', `LOGIN_URL answers ${status} to a POST of JSON, so it is not a login`)] : []
    },

    async close () {
      circuit.close()
      await agent.destroy()
    }
  }
}

/** The URL without its user and password, which belong into a header and into no error text. */
function address (url: string) {
  const target = new URL(url)
  const { username, password } = target
  target.username = target.password = ''
  const own = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return {
    target,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...(username && { authorization: `Basic ${own}` }) }
  }
}

/** Decoded leniently, two names of another encoding could become one. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

async function read (body: AsyncIterable<Uint8Array>) {
  const chunks = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > longestAnswer) throw new Error(`LOGIN_URL answered more than ${longestAnswer} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A 200 without a JSON object is no yes: login pages answer 200 for everything, and so do misled proxies. */
function answeredIn ({ status, body }: Answer): Answered & { version?: unknown } {
  if (status !== 200) throw unusable(`LOGIN_URL answered ${status}`)
  const said = parse(body)
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw unusable('LOGIN_URL answered 200 without a JSON object')
  return said
}

function parse (body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    return undefined
  }
}
