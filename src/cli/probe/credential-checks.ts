import { randomBytes } from 'node:crypto'
import type { Target } from './check.js'
import { codeOf, inWords } from './request.js'

/** No caller has this name, so the probe's wrong guess locks nobody. */
const PROBE_NAME = 'twilio-token-broker-probe'

export async function nobodyWithoutCredentials ({ ask }: Target): Promise<string | undefined> {
  for (const request of [{ method: 'POST', path: '/token' }, { method: 'GET', path: '/token/video' }] as const) {
    const reply = await ask(request)
    if (reply.status !== 401) return `${request.method} ${request.path} answered ${inWords(reply)} in place of 401`
  }
  return undefined
}

/** Sends a malformed header, which is not a guess. The broker's answer differs from that to a request without the header. */
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
