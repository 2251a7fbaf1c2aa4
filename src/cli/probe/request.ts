import { request } from 'undici'
import { isRecord } from '../../lib/is-record.js'
import { parseJson } from '../../lib/parse-json.js'
import { readAtMost } from '../../lib/read-at-most.js'

/** For the headers of an answer, and again for each piece of its body. */
const TIMEOUT_MS = 10_000
/** A broker's answers are far smaller. */
const MAX_BYTES = 65_536

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS'
  /** Appended to the broker's address. */
  path?: string
  headers?: Record<string, string | undefined>
  /** Sent as JSON. */
  body?: object
}

export interface Reply {
  status: number
  /** Returns the values of a header, joined by commas; undefined if the answer does not have it. */
  header (name: string): string | undefined
  /** The JSON object in the body; empty if there is none. */
  body: Record<string, unknown>
}

/** Nothing answers at the address. */
export class Unreachable extends Error {}

/** The answer says nothing about the check: the broker's store or Redis is unavailable, or a proxy cannot reach the broker. */
export class Unavailable extends Error {}

/** A rate limit was reached, which is not a failure. */
export class Limited extends Error {}

/**
 * Sends one request. Does not follow redirects, because the credentials are for this address only.
 * @throws Unreachable, Unavailable for 502 to 504, Limited for 429
 */
export async function ask (url: string, { method = 'POST', path = '/token', headers = {}, body }: Ask): Promise<Reply> {
  const reply = await send(`${url}${path}`, { method, headers, body })
  const { status } = reply
  if (status === 429) throw new Limited(`answered 429 ${codeOf(reply)}: too many requests or guesses; that is not a failure, try again later`)
  if (status >= 502 && status <= 504) throw new Unavailable(`answered ${status} ${codeOf(reply)}`.trim())
  return reply
}

async function send (url: string, { method, headers, body }: Required<Pick<Ask, 'method' | 'headers'>> & Pick<Ask, 'body'>): Promise<Reply> {
  const sent = { 'user-agent': 'twilio-token-broker-probe', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }
  try {
    const answer = await request(url, {
      method,
      headers: Object.entries(sent).flatMap(([name, value]) => value === undefined ? [] : [name, value]),
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      reset: true
    })
    const bytes = await readAtMost(MAX_BYTES, answer.body)
    return {
      status: answer.statusCode,
      header: name => answer.headers[name] === undefined ? undefined : [answer.headers[name]].flat().join(', '),
      body: objectIn(bytes)
    }
  } catch (error) {
    throw new Unreachable(`nothing answers (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Empty for an answer that is too long or not a JSON object. */
function objectIn (bytes: Buffer | undefined): Record<string, unknown> {
  const value = bytes && parseJson(bytes)
  return isRecord(value) ? value : {}
}

/** The code of a problem; empty if it does not look like one, because another server may answer anything. */
export function codeOf ({ body: { code } }: Reply): string {
  return typeof code === 'string' && /^[a-z-]{1,40}$/.test(code) ? code : ''
}

/** Status and code of an answer, for messages. */
export function inWords (reply: Reply): string {
  return `${reply.status} ${codeOf(reply)}`.trim()
}
