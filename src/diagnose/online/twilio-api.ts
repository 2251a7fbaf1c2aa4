import { request, type Dispatcher } from 'undici'
import { parseObject, type Json } from '../token/json.js'

/** An API key and its account. */
export interface ApiKey {
  accountSid: string
  keySid: string
  keySecret: string
}

/** A reply of Twilio's REST API. */
export interface Reply {
  status: number
  /** The error code, such as 20003. */
  code: number | undefined
  /** The body, if it is a JSON object. */
  body: Json | undefined
  /** The reply's `Date` in milliseconds since 1970, exact to a second. */
  date: number | undefined
}

export interface Twilio {
  /**
   * Gets one resource, and waits 10 seconds at most.
   * @param region in place of the one of this API
   * @returns undefined when Twilio cannot be reached
   */
  get (product: string, path: string, region?: string): Promise<Reply | undefined>
}

const TIMEOUT_MS = 10_000

/** https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region */
const edges: Record<string, string> = { ie1: 'dublin.ie1.', au1: 'sydney.au1.' }

/**
 * Twilio's REST API, read only.
 * @param dispatcher how requests leave the machine. Default: as all others
 */
export function twilioApi ({ keySid, keySecret }: ApiKey, region: string, dispatcher?: Dispatcher): Twilio {
  const authorization = `Basic ${Buffer.from(`${keySid}:${keySecret}`).toString('base64')}`
  return {
    async get (product, path, where = region) {
      try {
        const { statusCode: status, headers, body } = await request(`https://${product}.${edges[where] ?? ''}twilio.com${path}`, {
          dispatcher, headers: { authorization, accept: 'application/json' }, signal: AbortSignal.timeout(TIMEOUT_MS)
        })
        const answer = parseObject(await body.text())
        const date = Date.parse(String(headers.date))
        return { status, code: typeof answer?.code === 'number' ? answer.code : undefined, body: answer, date: Number.isNaN(date) ? undefined : date }
      } catch {
        return undefined
      }
    }
  }
}
