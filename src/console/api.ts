import { base64, utf8 } from '../client/proof.js'
import type { Proofs } from './proofs.js'

/** Kept only in memory, until the page is closed or reloaded. */
export interface Credentials {
  /** Null with a bearer token: what it says is not for this page to read. */
  name: string | null
  /** The header `Authorization`. */
  authorization: string
  /** Of a session, and of the request that opens one. */
  proofs?: Proofs
  /** Called when the broker does not know these credentials any more. */
  onEnded?: ((refusal: Refusal) => void) | undefined
}

/** Why there is no answer, in a sentence for a person. */
export interface Refusal {
  status: number
  /** The broker's code, or `no-answer` and `not-the-broker`. */
  code: string
  detail: string
  errors: Array<{ path: string, message: string }>
  /** Seconds, where the broker said when to try again. */
  retryAfter: number | undefined
  requestId: string | undefined
}

export type Result<Answer> = { answer: Answer, refusal?: never } | { answer?: never, refusal: Refusal }

/** A broker that is up answers within one or two seconds. */
const TIMEOUT_MS = 30_000

/** Codes of a DPoP proof that came too late or was already used: a new one will do. */
const stale = new Set<string | undefined>(['proof-stale', 'proof-replayed'])

/** Sends a request to the broker that served the page. */
export async function ask<Answer> (path: string, credentials: Credentials, body?: object, method = body === undefined ? 'GET' : 'POST'): Promise<Result<Answer>> {
  let result = await send<Answer>(method, path, credentials, body)
  if (stale.has(result.refusal?.code)) result = await send<Answer>(method, path, credentials, body)
  const { refusal } = result
  // A proxy's 401 says nothing about the caller; nor does the DPoP proof of a repeated request that came too late again.
  if (refusal?.status === 401 && refusal.code !== 'not-the-broker' && !stale.has(refusal.code)) credentials.onEnded?.(refusal)
  return result
}

async function send<Answer> (method: string, path: string, { authorization, proofs }: Credentials, body?: object): Promise<Result<Answer>> {
  try {
    const response = await fetch(path, {
      method,
      headers: { Authorization: authorization, ...await proofs?.headers(method, path), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // Otherwise the browser would answer a 401 with its own password dialog, and store what is typed there.
      credentials: 'omit',
      redirect: 'error',
      // The end of a session is sent even if the page is being closed.
      keepalive: method === 'DELETE',
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
    const answer = response.status === 204 ? {} : read(await response.text())
    proofs?.learn(response, answer)
    return response.ok && answer !== undefined ? { answer: answer as Answer } : { refusal: refusalOf(response, answer ?? {}) }
  } catch {
    return { refusal: { ...nothing, code: 'no-answer', detail: 'No answer: the network or the broker is down. Try again.' } }
  }
}

const nothing = { status: 0, errors: [], retryAfter: undefined, requestId: undefined }

/** RFC 7617 §2.1: in UTF-8, as the broker's challenge says. */
export function basic (name: string, password: string): Credentials {
  return { name, authorization: `Basic ${base64(utf8(`${name}:${password}`))}` }
}

/** RFC 6750. What was pasted may stand between blanks, or begin as the header does. */
export function bearer (pasted: string): Credentials {
  return { name: null, authorization: `Bearer ${pasted.trim().replace(/^Bearer +/i, '')}` }
}

type Fields = Partial<Refusal> & { now?: unknown }

function read (text: string): Fields | undefined {
  try {
    return Object(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** RFC 9457 */
function refusalOf ({ status, headers }: Response, { code, detail, errors, requestId }: Fields): Refusal {
  const seconds = Number(headers.get('Retry-After'))
  const retryAfter = seconds > 0 ? seconds : undefined
  if (typeof code !== 'string' || typeof detail !== 'string') {
    return { ...nothing, status, retryAfter, code: 'not-the-broker', detail: `The answer is not the broker's, but ${status} of something in between, such as a proxy.` }
  }
  return { status, code, detail, errors: errors ?? [], retryAfter, requestId }
}
