import { randomBytes } from 'node:crypto'
import type { Target } from './check.js'
import { codeOf, inWords } from './request.js'

/** Nobody's name: a wrong guess of the probe stops no caller. */
const PROBE_NAME = 'twilio-token-broker-probe'

export async function nobodyWithoutCredentials ({ ask }: Target): Promise<string | undefined> {
  for (const request of [{ method: 'POST', path: '/token' }, { method: 'GET', path: '/token/video' }] as const) {
    const reply = await ask(request)
    if (reply.status !== 401) return `${request.method} ${request.path} answered ${inWords(reply)} in place of 401`
  }
  return undefined
}

/** Malformed, so it is neither a guess nor anybody's. The broker tells it from none at all. */
export async function authorizationArrives ({ ask }: Target): Promise<string | undefined> {
  const reply = await ask({ headers: { authorization: 'Basic !' } })
  return codeOf(reply) === 'credentials-missing'
    ? 'the broker does not see the Authorization header: let every proxy in front pass it on'
    : undefined
}

/** The one wrong guess that a probe makes. */
export async function wrongPassword ({ ask }: Target): Promise<string | undefined> {
  const password = randomBytes(24).toString('base64url')
  const reply = await ask({ headers: { authorization: `Basic ${Buffer.from(`${PROBE_NAME}:${password}`).toString('base64')}` } })
  return reply.status === 401 ? undefined : `answered ${inWords(reply)} to a name and password that were made up`
}
