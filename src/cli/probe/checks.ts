import { isLoopback } from '../../lib/is-loopback.js'
import { authorizationArrives, nobodyWithoutCredentials, wrongPassword } from './credential-checks.js'
import type { Check, Target } from './check.js'
import { allowedOrigin, noCors, strangeOrigin, unreadable } from './origin-checks.js'
import { ask, inWords, type Reply } from './request.js'
import { notCached, refusedRoom, token } from './token-checks.js'

/** All checks, in the order in which they run. A check fails if its function returns a sentence. */
export const checks: readonly Check[] = [
  { name: 'plain-http', says: 'no password crosses the network unencrypted', run: encrypted },
  { name: 'ready', says: 'the broker is ready', run: ready },
  { name: 'no-credentials', says: 'nobody gets a token without credentials', run: nobodyWithoutCredentials },
  { name: 'authorization', says: 'the Authorization header reaches the broker', run: authorizationArrives },
  { name: 'wrong-password', says: 'a wrong password is refused', run: wrongPassword },
  { name: 'strange-origin', says: 'a page of an origin that is not allowed is refused', run: strangeOrigin },
  { name: 'cors', says: 'a page of an origin that is not allowed reads no answer', run: unreadable },
  { name: 'no-cors', says: 'an image, a form or a link of another page is refused', run: noCors },
  { name: 'query', says: 'names and passwords in the query are refused', run: query },
  { name: 'method', says: 'other methods give no token', run: otherMethods },
  { name: 'limits', says: 'requests of an address are limited', run: limited },
  { name: 'cache', says: 'no answer comes from a cache', run: notCached },
  { name: 'token', says: 'a caller gets a token', needs: 'login', run: token },
  { name: 'refused-room', says: 'a room that the policy refuses is refused', needs: 'room', run: refusedRoom },
  { name: 'allowed-origin', says: 'a page of the allowed origin can use the broker', needs: 'origin', run: allowedOrigin }
]

/** Passwords may be sent only over TLS or within this machine. So the host of an https: address must not answer in plain HTTP as well. */
async function encrypted ({ url }: Target): Promise<string | undefined> {
  const { protocol, hostname } = new URL(url)
  const isSecure = protocol === 'https:'
  if (isLoopback(hostname.replace(/^\[|\]$/g, '')) && !isSecure) return undefined
  if (!isSecure) return 'the address is http: and not on this machine; put TLS in front and use its https: address'
  const plain = await ask(url.replace(/^https/, 'http'), {}).catch(() => undefined)
  return plain?.status === 401 ? 'a broker answers in plain HTTP at the same host, too: redirect to https:, or close the port' : undefined
}

async function ready ({ ask }: Target): Promise<string | undefined> {
  const reply = await ask({ method: 'GET', path: '/readyz' })
  // A proxy may forward the token routes only. A broker that is not ready answers 503.
  return reply.status === 200 || isElsewhere(reply) ? undefined : `/readyz answered ${inWords(reply)}`
}

function isElsewhere ({ status }: Reply): boolean {
  return status === 404 || status === 403
}

async function query ({ ask, login }: Target): Promise<string | undefined> {
  const inQuery = await ask({ path: '/token?username=probe&password=probe' })
  if (!isRefused(inQuery)) return `answered ${inWords(inQuery)} to a name and password in the query`
  const another = login === undefined ? inQuery : await ask({ path: '/token?identity=probe', headers: { authorization: login } })
  return isRefused(another) ? undefined : `answered ${inWords(another)} to an identity in the query`
}

async function otherMethods ({ ask, login }: Target): Promise<string | undefined> {
  for (const method of ['HEAD', 'PUT', 'DELETE'] as const) {
    const reply = await ask({ method, path: '/token/video', headers: { authorization: login } })
    if (!isRefused(reply) && reply.status !== 501) return `answered ${inWords(reply)} to ${method}`
  }
  return undefined
}

function isRefused ({ status }: Reply): boolean {
  return status >= 400 && status < 500
}

/** Requests a minute: a higher limit for one address counts as none. */
const MOST_REQUESTS = 10_000

/** Checks the request limit only. The limit of guesses cannot be read without guessing, and no setting can raise it beyond a maximum. */
async function limited ({ ask }: Target): Promise<string | undefined> {
  const policy = (await ask({})).header('ratelimit-policy')
  const [, quota, seconds] = /"address";q=(\d+);w=(\d+)/.exec(policy ?? '') ?? []
  if (quota === undefined) return 'the answer names no limit (RateLimit-Policy): is it the broker that answers?'
  const perMinute = Number(quota) * 60 / Number(seconds)
  return perMinute > MOST_REQUESTS ? `one address may send ${perMinute} requests a minute; lower RATE_LIMIT_MAX` : undefined
}
