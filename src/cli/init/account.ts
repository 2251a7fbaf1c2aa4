import type { Dispatcher } from 'undici'
import { isRecord } from '../../lib/is-record.js'
import { shown } from '../../diagnose/token/json.js'
import { askClock, askKey, type Outcome } from '../../diagnose/online/checks.js'
import type { ApiKey, Twilio } from '../../diagnose/online/twilio-api.js'

/** An app or a service of the account that a setting can name. */
export interface Choice {
  sid: string
  /** Safe to print. */
  name: string
}

export type Choices = Partial<Record<'apps' | 'conversations' | 'sync', Choice[]>>

/** More would not be read. */
const MAX_CHOICES = 50

/** Where Twilio has each list: the host, the path, and the property of the reply. */
const lists: Record<keyof Choices, { product: string, path (account: string): string, of: string }> = {
  apps: { product: 'api', path: account => `/2010-04-01/Accounts/${account}/Applications.json`, of: 'applications' },
  conversations: { product: 'conversations', path: () => '/v1/Services', of: 'services' },
  sync: { product: 'sync', path: () => '/v1/Services', of: 'services' }
}

export interface AccountReply {
  outcomes: Outcome[]
  /** Whether Twilio says that account, key, secret and region do not belong together. */
  isRefused: boolean
  /** The apps and services of the account. Empty if the key is refused. */
  choices: Choices
}

/**
 * Asks Twilio whether account, key, secret and region belong together, and for the apps and services of the account.
 * @param network sends the requests. Default: the process's own
 */
export async function askAboutAccount (apiKey: ApiKey, region: string, network?: Dispatcher): Promise<AccountReply> {
  const { twilioApi } = await import('../../diagnose/online/twilio-api.js')
  const twilio = twilioApi(apiKey, region, network)
  const { outcomes, date } = await askKey(twilio, apiKey, region)
  const isRefused = outcomes.some(({ answer }) => answer === 'no')
  if (outcomes.some(({ answer }) => answer !== 'yes')) return { outcomes, isRefused, choices: {} }
  const found = await Promise.all(
    Object.entries(lists).map(
      async ([list, { product, path, of }]) => [list, await choicesOf(twilio, product, path(apiKey.accountSid), of)] as const
    )
  )
  return { outcomes: [...outcomes, askClock(date, Date.now())], isRefused, choices: Object.fromEntries(found) }
}

/** Empty if Twilio does not list them: the SID can still be typed. */
async function choicesOf (twilio: Twilio, product: string, path: string, of: string): Promise<Choice[]> {
  const list = (await twilio.get(product, `${path}?PageSize=${MAX_CHOICES}`))?.body?.[of]
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.sid !== 'string' || !/^[A-Z]{2}[0-9a-f]{32}$/.test(entry.sid)) return []
    return [{ sid: entry.sid, name: shown(entry.friendly_name ?? entry.unique_name ?? 'without a name') }]
  })
}
