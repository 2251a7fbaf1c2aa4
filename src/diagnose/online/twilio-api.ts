import { request, type Dispatcher } from 'undici'
import { parseObject, type Json } from '../token/json.js'

export interface Credentials {
  accountSid: string
  keySid: string
  keySecret: string
}

/** What Twilio's REST API answered; `undefined` when it could not be reached. */
export interface Reply {
  status: number
  /** Of Twilio's table of errors. */
  code: number | undefined
  /** What it holds, where it is a JSON object. */
  body: Json | undefined
  /** Milliseconds since 1970: the answer's Date, as exact as a second. */
  date: number | undefined
}

export interface Twilio {
  /** Asks for one resource, and waits 10 seconds at most. */
  get (product: string, path: string, region?: string): Promise<Reply | undefined>
}

/** Milliseconds. */
const patience = 10_000

/** https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region */
const edges: Record<string, string> = { ie1: 'dublin.ie1.', au1: 'sydney.au1.' }

/**
 * Twilio's REST API, read only.
 * @param dispatcher how requests leave the machine
 */
export function twilioApi ({ keySid, keySecret }: Credentials, region: string, dispatcher?: Dispatcher): Twilio {
  const authorization = `Basic ${Buffer.from(`${keySid}:${keySecret}`).toString('base64')}`
  return {
    async get (product, path, where = region) {
      try {
        const { statusCode: status, headers, body } = await request(`https://${product}.${edges[where] ?? ''}twilio.com${path}`, {
          dispatcher, headers: { authorization, accept: 'application/json' }, signal: AbortSignal.timeout(patience)
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
