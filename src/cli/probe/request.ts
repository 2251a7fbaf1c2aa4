import { request } from 'undici'
import { isRecord } from '../../lib/is-record.js'

/** Milliseconds that an answer's beginning, and each further piece of it, may take. */
const TIMEOUT_MS = 10_000
/** Bytes of an answer that are read; a broker's are far smaller. */
const MAX_BYTES = 65_536

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS'
  /** Behind the broker's address. */
  path?: string
  headers?: Record<string, string | undefined>
  /** Sent as JSON. */
  body?: object
}

export interface Reply {
  status: number
  /** The values of a header, joined; undefined where it is not there. */
  header (name: string): string | undefined
  /** The answer's JSON object; empty where it is none. */
  body: Record<string, unknown>
}

/** Nothing answers at the address. */
export class Unreachable extends Error {}

/** Whoever answers cannot say: the broker's store or Redis is away, or a proxy does not reach the broker. */
export class Unavailable extends Error {}

/** A limit was reached, which is no fault. */
export class Limited extends Error {}

/**
 * Sends one request as it is: redirects are not followed, as credentials are for this address alone.
 * @throws Unreachable, Unavailable for 502 to 504, Limited for 429
 */
export async function ask (url: string, { method = 'POST', path = '/token', headers = {}, body }: Ask): Promise<Reply> {
  const reply = await send(`${url}${path}`, { method, headers, body })
  const { status } = reply
  if (status === 429) throw new Limited(`answered 429 ${codeOf(reply)}: too many requests or guesses; nothing is wrong with that, ask again later`)
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
    const text = await readText(answer.body)
    return {
      status: answer.statusCode,
      header: name => answer.headers[name] === undefined ? undefined : [answer.headers[name]].flat().join(', '),
      body: objectIn(text)
    }
  } catch (error) {
    throw new Unreachable(`nothing answers (${(error as NodeJS.ErrnoException).code})`)
  }
}

async function readText (body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_BYTES) break
  }
  return Buffer.concat(chunks).toString()
}

function objectIn (text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

/** The code of a problem, as far as it looks like one: another server may answer anything. */
export function codeOf ({ body: { code } }: Reply): string {
  return typeof code === 'string' && /^[a-z-]{1,40}$/.test(code) ? code : ''
}

/** An answer in a sentence's words. */
export function inWords (reply: Reply): string {
  return `${reply.status} ${codeOf(reply)}`.trim()
}
