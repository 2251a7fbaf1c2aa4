import { Agent, request } from 'undici'
import { parseJson } from '../../lib/parse-json.js'
import { readAtMost } from '../../lib/read-at-most.js'
import type { LoginContext } from '../store.js'

/** An answer of the endpoint. */
export interface EndpointAnswer {
  readonly status: number
  /** Parsed JSON of a 200; undefined if it is none, and with every other status. */
  readonly json: unknown
}

const MAX_ANSWER_BYTES = 16_384
/** As long as the circuit breaker gives the whole request. */
const CONNECT_TIMEOUT_MS = 800
/** Shorter than servers keep an idle connection, so that none is closed while a login is sent. */
const IDLE_TIMEOUT_MS = 1000

/** Sends questions to LOGIN_URL: each is one POST of JSON. */
export class LoginEndpoint {
  readonly #agent: Agent
  readonly #url: URL
  readonly #headers: Record<string, string>

  /** @param url a user and password inside it are sent as HTTP Basic credentials */
  constructor (url: string, connections: number) {
    const { target, headers } = splitCredentials(url)
    this.#url = target
    this.#headers = headers
    this.#agent = new Agent({
      connections,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      // The caller's signal ends a request on time; undici's own timers are coarse.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      keepAliveMaxTimeout: IDLE_TIMEOUT_MS
    })
  }

  /** @throws for a status of 500 and above, an answer that is too long, and without an answer */
  async ask (question: object, signal: AbortSignal, { traceparent }: Pick<LoginContext, 'traceparent'> = {}): Promise<EndpointAnswer> {
    // Does not follow redirects: the password is for this URL alone.
    const { statusCode: status, body } = await request(this.#url, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: { ...this.#headers, ...(traceparent && { traceparent }) },
      body: JSON.stringify(question),
      signal
    })
    if (status === 200) {
      const bytes = await readAtMost(MAX_ANSWER_BYTES, body)
      if (bytes === undefined) throw new Error(`LOGIN_URL answered more than ${MAX_ANSWER_BYTES} bytes`)
      return { status, json: parseJson(bytes) }
    }
    await body.dump({ limit: MAX_ANSWER_BYTES })
    if (status >= 500) throw new Error(`LOGIN_URL answered ${status}`)
    return { status, json: undefined }
  }

  async close (): Promise<void> {
    await this.#agent.destroy()
  }
}

/** Moves user and password from the URL, which error texts may repeat, to a header. */
function splitCredentials (url: string): { target: URL, headers: Record<string, string> } {
  const target = new URL(url)
  const { username, password } = target
  target.username = target.password = ''
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return {
    target,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...(username && { authorization: `Basic ${credentials}` }) }
  }
}
