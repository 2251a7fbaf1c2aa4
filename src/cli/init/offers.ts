import type { Dispatcher } from 'undici'
import { isRecord } from '../../lib/is-record.js'
import { shown } from '../../diagnose/token/json.js'
import { askClock, askKey, type Outcome } from '../../diagnose/online/checks.js'
import type { Credentials, Twilio } from '../../diagnose/online/twilio-api.js'

/** Something of the account's own that a setting can name. */
export interface Choice {
  sid: string
  /** As it may be shown. */
  name: string
}

export type Choices = Partial<Record<'apps' | 'conversations' | 'sync', Choice[]>>

/** As many as a person reads. */
const most = 50

/** Where each list is: the host, the path, and the property of the answer. */
const lists: Record<keyof Choices, { product: string, path (account: string): string, of: string }> = {
  apps: { product: 'api', path: account => `/2010-04-01/Accounts/${account}/Applications.json`, of: 'applications' },
  conversations: { product: 'conversations', path: () => '/v1/Services', of: 'services' },
  sync: { product: 'sync', path: () => '/v1/Services', of: 'services' }
}

export interface Offer {
  outcomes: Outcome[]
  /** Whether Twilio says that account, key, secret and region do not belong together. */
  isRefused: boolean
  /** What the account has, if the key is good. */
  choices: Choices
}

/** Asks Twilio about the key, and for what its account has. */
export async function askTwilio (credentials: Credentials, region: string, network?: Dispatcher): Promise<Offer> {
  const { twilioApi } = await import('../../diagnose/online/twilio-api.js')
  const twilio = twilioApi(credentials, region, network)
  const { outcomes, date } = await askKey(twilio, credentials, region)
  const isRefused = outcomes.some(({ answer }) => answer === 'no')
  if (outcomes.some(({ answer }) => answer !== 'yes')) return { outcomes, isRefused, choices: {} }
  const found = await Promise.all(Object.entries(lists).map(async ([list, { product, path, of }]) => [list, await choicesOf(twilio, product, path(credentials.accountSid), of)] as const))
  return { outcomes: [...outcomes, askClock(date, Date.now())], isRefused, choices: Object.fromEntries(found) }
}

/** None, where it cannot be asked: the SID can still be typed. */
async function choicesOf (twilio: Twilio, product: string, path: string, of: string): Promise<Choice[]> {
  const list = (await twilio.get(product, `${path}?PageSize=${most}`))?.body?.[of]
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.sid !== 'string' || !/^[A-Z]{2}[0-9a-f]{32}$/.test(entry.sid)) return []
    return [{ sid: entry.sid, name: shown(entry.friendly_name ?? entry.unique_name ?? 'without a name') }]
  })
}
