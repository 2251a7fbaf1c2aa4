import { RefusedError, RetryError, SignInError, type BrokerError } from './errors.js'

/** What is read of the broker's answer. */
export interface Answer {
  token: string
  /** Seconds. */
  expiresIn: number
}

/** Milliseconds. A broker that is up answers within one or two seconds. */
const patience = 30_000

/** Seconds. What a proxy may say at most for Retry-After; the broker itself says at most 15 minutes. */
const longestWait = 3_600

/** Seconds. Twilio takes tokens of 180 to 86400; one that ends at once, or never, is none of this broker. */
const shortestLife = 30
const longestLife = 86_400

/**
 * Asks the broker once.
 * @throws {BrokerError} the class says what to do about it
 */
export async function ask (url: string, authorization: string, body: string): Promise<Answer> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      body,
      // Nothing but what stands here: else a browser answers a 401 with its own password dialog, and remembers what is typed there.
      credentials: 'omit',
      // A sign-in page of a proxy would take the POST for a GET.
      redirect: 'manual',
      signal: AbortSignal.timeout(patience)
    })
    text = await response.text()
  } catch (cause) {
    throw new RetryError(
      `No answer from ${url}: the network or the broker is down, or this page's origin is not among the broker's CORS_ORIGINS.`,
      { code: 'no-answer', cause }
    )
  }
  const answer = fields(text)
  const { token, expiresIn } = answer
  if (response.ok && typeof token === 'string' && token !== '' && typeof expiresIn === 'number' && expiresIn >= shortestLife && expiresIn <= longestLife) {
    return { token, expiresIn }
  }
  throw refusal(response, answer)
}

type Fields = Partial<Record<string, unknown>>

/** RFC 9457 makes every refusal of the broker an object, and an answer is one too. */
function fields (text: string): Fields {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function refusal (response: Response, { code, detail, requestId }: Fields): BrokerError {
  const { status, headers, url } = response
  const seconds = Number(headers.get('Retry-After'))
  const retryAfter = seconds > 0 ? Math.min(seconds, longestWait) : undefined
  // Someone in between answered. Whatever it says, it says nothing about this caller.
  if (response.ok || typeof code !== 'string' || typeof detail !== 'string') {
    return new RetryError(
      `The answer of ${url} is not the broker's, but ${status || 'a redirect'} ${headers.get('Content-Type') ?? ''}: a proxy's page, or a wrong url.`,
      { code: 'not-the-broker', retryAfter }
    )
  }
  const options = { code, requestId: typeof requestId === 'string' ? requestId : undefined, retryAfter }
  if (status === 401) return new SignInError(detail, options)
  return status === 429 || status >= 500 ? new RetryError(detail, options) : new RefusedError(detail, options)
}
