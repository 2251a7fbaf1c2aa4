import { Skipped, type Target } from './check.js'
import { inWords, type Reply } from './request.js'

export async function token ({ ask, login }: Target): Promise<string | undefined> {
  const reply = await ask({ headers: { authorization: login } })
  if (reply.status !== 200) return `answered ${inWords(reply)}`
  return isToken(reply) ? undefined : 'answered 200 without a token: is it the broker that answers?'
}

export async function refusedRoom ({ ask, login, room }: Target): Promise<string | undefined> {
  const reply = await ask({ path: '/token/video', headers: { authorization: login }, body: { room } })
  if (reply.status === 404) throw new Skipped('Video is not on')
  return reply.status === 403 ? undefined : `answered ${inWords(reply)} in place of 403`
}

/**
 * Two equal requests must get different ids, and answers that forbid caching. The caller's own request is sent first: if a proxy caches,
 * the request without credentials after it gets the caller's token.
 */
export async function notCached ({ ask, login }: Target): Promise<string | undefined> {
  const replies: Reply[] = []
  for (const authorization of [login, login, undefined, undefined]) {
    replies.push(await ask({ method: 'GET', path: '/token/video', headers: { authorization } }))
  }
  if (isToken(replies.at(-1)!)) return 'a token was given without credentials, as it had been given to a caller before: let no proxy cache answers'
  const ids = new Set(replies.map(reply => reply.header('x-request-id')))
  if (ids.size < replies.length) return 'one answer was given to several requests: let no proxy cache answers'
  return replies.every(reply => /\bno-store\b/.test(reply.header('cache-control') ?? '')) ? undefined : 'an answer lacks Cache-Control: no-store'
}

function isToken ({ status, body }: Reply): boolean {
  return status === 200 && typeof body.token === 'string' && body.token.split('.').length === 3
}
