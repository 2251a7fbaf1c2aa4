import { LockedError, RefusedError, RetryError, SignInError, type BrokerError } from './errors.js'

/** The properties of an answer: RFC 9457 makes every refusal of the broker an object, and its other answers are objects, too. */
export type Fields = Partial<Record<string, unknown>>

/** Codes of a DPoP proof that was too old or already used, so a new one will do. */
export const stale = /^proof-(stale|replayed)$/

/** What answered a request. */
export interface Answer {
  response: Response
  /** The properties of the body; empty if the body is not JSON. */
  fields: Fields
}

/** As the page's own `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * Makes one request.
 * @throws {RetryError} nobody answered
 */
export async function ask (
  own: Fetch = fetch,
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: string
): Promise<Answer> {
  try {
    const response = await own(url, {
      method,
      headers,
      body: body!,
      // Nothing but what stands here: else a browser answers a 401 with its own password dialog, and remembers what is typed there.
      // Without it, the cookie of the page's own application says who asks.
      credentials: headers['Authorization'] ? 'omit' : 'same-origin',
      // A redirect to a proxy's sign-in page would turn the POST into a GET.
      redirect: 'manual',
      // A page that signs out often navigates away immediately.
      keepalive: true,
      // A broker that is up answers within one or two seconds.
      signal: AbortSignal.timeout(30_000)
    })
    const fields = await response.json().catch((error: Error) => { if (error.name !== 'SyntaxError') throw error })
    return { response, fields: Object(fields) }
  } catch (cause) {
    // Workers have a location too; React Native has none, and needs no entry.
    const origin = (globalThis as { location?: { origin: string } }).location?.origin
    throw new RetryError(`No answer from ${url}. Is it up${origin ? `, and ${origin} in its CORS_ORIGINS` : ''}?`, { code: 'no-answer', cause })
  }
}

/** Returns the error for an unsuccessful answer. */
export function refusal ({ response: { ok, status, headers, url }, fields: { code, detail, requestId } }: Answer): BrokerError {
  const seconds = Number(headers.get('Retry-After'))
  // A proxy may send any value; the broker itself sends at most 15 minutes.
  const retryAfter = seconds > 0 ? Math.min(seconds, 3_600) : undefined
  // Someone in between answered. Whatever it says, it says nothing about this caller.
  if (ok || typeof code !== 'string' || typeof detail !== 'string') {
    return new RetryError(`No broker answers at ${url}: ${status || 'a redirect'} ${headers.get('Content-Type') ?? ''}.`, { code: 'not-the-broker', retryAfter })
  }
  // `stale`: the request was already repeated with a new DPoP proof. If that came too late as well, clocks or the network are at fault, and
  // the user stays signed in.
  const Refusal = code === 'login-limited' ? LockedError : status === 429 || status >= 500 || stale.test(code) ? RetryError : status === 401 ? SignInError : RefusedError
  return new Refusal(detail, { code, requestId: requestId as string, retryAfter })
}
