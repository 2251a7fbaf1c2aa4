import { printable } from '../../lib/printable.js'
import type { Target } from './check.js'
import { codeOf, inWords, type Ask } from './request.js'

/** No page has this origin: the domain is reserved for that (RFC 6761). */
const STRANGE = 'https://probe.invalid'

const preflight = (origin: string): Ask => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' }
})

/** Sends the caller's credentials, if given: a broker that ignores the origin would then issue a token. */
export async function strangeOrigin ({ ask, login }: Target): Promise<string | undefined> {
  const reply = await ask({ headers: { origin: STRANGE, authorization: login } })
  return reply.status === 403 ? undefined : `answered ${inWords(reply)} in place of 403 to a page of ${STRANGE}`
}

export async function unreadable ({ ask }: Target): Promise<string | undefined> {
  for (const request of [preflight(STRANGE), { headers: { origin: STRANGE } }]) {
    const allowed = (await ask(request)).header('access-control-allow-origin')
    if (allowed !== undefined) return `a page of ${STRANGE} gets Access-Control-Allow-Origin: ${printable(allowed, 100)}; leave CORS to the broker`
  }
  return undefined
}

export async function noCors ({ ask, login }: Target): Promise<string | undefined> {
  const reply = await ask({ headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'cross-site', authorization: login } })
  return reply.status === 403 ? undefined : `answered ${inWords(reply)} in place of 403`
}

export async function allowedOrigin ({ ask, login, origin = '' }: Target): Promise<string | undefined> {
  const before = await ask(preflight(origin))
  const reply = await ask({ headers: { origin, authorization: login } })
  for (const [what, answer] of [['preflight', before], ['request', reply]] as const) {
    const allowed = answer.header('access-control-allow-origin')
    if (allowed !== origin) return `the answer to its ${what} has ${allowed === undefined ? 'no Access-Control-Allow-Origin' : `Access-Control-Allow-Origin: ${printable(allowed, 100)}`}; look at CORS_ORIGINS, and at headers that a proxy adds`
  }
  if (!/\bauthorization\b/i.test(before.header('access-control-allow-headers') ?? '')) return 'the answer to its preflight does not allow the header Authorization'
  // Whether the caller may have a token is another check's matter.
  return reply.status === 403 && codeOf(reply) !== 'not-allowed' ? `its request is refused (${inWords(reply)})` : undefined
}
