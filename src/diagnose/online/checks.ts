import { regions } from '../../lib/twilio-limits.js'
import type { Settings } from '../../settings/schema.js'
import type { ApiKey, Reply, Twilio } from './twilio-api.js'

/** The result of one question to Twilio. `check --online --json` prints it. */
export interface Outcome {
  /** A setting, `key type` or `clock`. */
  about: string
  /** Whether it is right. `unknown`: Twilio could not be reached, or did not answer the question. */
  answer: 'yes' | 'no' | 'unknown'
  /** A sentence for people. */
  says: string
}

const yes = (about: string, says: string): Outcome => ({ about, answer: 'yes', says })
const no = (about: string, says: string): Outcome => ({ about, answer: 'no', says })
const unknown = (about: string, reply: Reply | undefined): Outcome => ({
  about,
  answer: 'unknown',
  says: reply === undefined ? 'Twilio could not be reached; check the network, or try again' : `Twilio answered ${reply.status}${reply.code === undefined ? '' : ` (${reply.code})`}; try again`
})

const refuses = (reply: Reply | undefined) => reply?.status === 401 || reply?.status === 403

/**
 * Checks that key, secret, account and region belong together, and that the key can sign.
 *
 * A Standard key may not read /Accounts or /Keys, so two other resources are read instead: TwiML apps, whose URL names the account
 * and which a Restricted key may be allowed to read; and Sync services, whose URL names no account and which a Restricted key can never
 * read. https://www.twilio.com/docs/iam/api-keys
 * @returns the outcomes; `date` is Twilio's time in milliseconds since 1970, undefined if the reply had none
 */
export async function askKey (
  twilio: Twilio,
  { accountSid }: ApiKey,
  region: string
): Promise<{ outcomes: Outcome[], date: number | undefined }> {
  const ofAccount = `/2010-04-01/Accounts/${accountSid}/Applications.json?PageSize=1`
  const [apps, services] = await Promise.all([twilio.get('api', ofAccount), twilio.get('sync', '/v1/Services?PageSize=1')])
  const date = apps?.date ?? services?.date
  const good = yes('TWILIO_API_KEY_SID', 'key and secret are good')
  if (apps?.status === 200 && services?.status === 200) return { date, outcomes: [good, yes('TWILIO_ACCOUNT_SID', 'is the key\'s account'), yes('key type', 'the key can sign: it is not Restricted')] }
  if (apps?.status === 200 && refuses(services)) return { date, outcomes: [good, no('key type', 'the key is Restricted, and such keys cannot sign tokens (20160); make a Standard key')] }
  if (services?.status === 200 && (refuses(apps) || apps?.status === 404)) return { date, outcomes: [good, no('TWILIO_ACCOUNT_SID', 'is not the account of this key (20103)')] }
  if (!refuses(apps) || !refuses(services)) return { date, outcomes: [unknown('TWILIO_API_KEY_SID', refuses(apps) || apps?.status === 200 ? services : apps)] }

  const elsewhere = await Promise.all(regions.filter(other => other !== region).map(async other => ({ other, reply: await twilio.get('api', ofAccount, other) })))
  const home = elsewhere.find(({ reply }) => reply?.status === 200)
  if (home !== undefined) return { date, outcomes: [no('TWILIO_REGION', `the key is one of ${home.other}, not of ${region}; set TWILIO_REGION, or make a key there`)] }
  return {
    date,
    outcomes: [no('TWILIO_API_KEY_SID', apps!.status === 403 || services!.status === 403
      ? 'Twilio knows the key and lets it do nothing: it is Restricted, or the account is suspended'
      : 'Twilio refuses key and secret (20003): the secret is another key\'s, or the key was deleted')]
  }
}

type Sids = Partial<Record<string, unknown>>

/** The API resource of each SID among the settings. */
const RESOURCES: Array<{ setting: string, what: string, product: string, path (sid: string, apiKey: ApiKey): string }> = [
  { setting: 'TWILIO_TWIML_APP_SID', what: 'TwiML app', product: 'api', path: (sid, { accountSid }) => `/2010-04-01/Accounts/${accountSid}/Applications/${sid}.json` },
  ...['', '_IOS', '_ANDROID', '_WEB'].map(platform => ({
    setting: `TWILIO_PUSH_CREDENTIAL_SID${platform}`, what: 'push credential', product: 'notify', path: (sid: string) => `/v1/Credentials/${sid}`
  })),
  { setting: 'TWILIO_SYNC_SERVICE_SID', what: 'Sync service', product: 'sync', path: sid => `/v1/Services/${sid}` },
  { setting: 'TWILIO_CONVERSATIONS_SERVICE_SID', what: 'Conversations service', product: 'conversations', path: sid => `/v1/Services/${sid}` },
  { setting: 'TWILIO_CHAT_SERVICE_SID', what: 'Chat service', product: 'chat', path: sid => `/v2/Services/${sid}` }
]

/** Checks that every app, service and credential that the settings name exists in this account and region. */
export function askResources (twilio: Twilio, apiKey: ApiKey, settings: Sids): Promise<Outcome[]> {
  return Promise.all(RESOURCES.flatMap(({ setting, what, product, path }) => {
    const sid = settings[setting]
    return typeof sid === 'string' ? [twilio.get(product, path(sid, apiKey)).then(reply => existence(setting, what, reply))] : []
  }))
}

function existence (setting: string, what: string, reply: Reply | undefined): Outcome {
  if (reply?.status === 200) return yes(setting, `this ${what} exists`)
  if (reply?.status === 404) return no(setting, `this account has no such ${what} in this region`)
  return unknown(setting, reply)
}

/** Beyond this difference, tokens may be refused or expire early. */
const MAX_CLOCK_ERROR_SECONDS = 30

/**
 * Compares this machine's clock with Twilio's.
 * @param date Twilio's time, as `askKey` returns it
 * @param now this machine's, in milliseconds since 1970
 */
export function askClock (date: number | undefined, now: number): Outcome {
  if (date === undefined) return { about: 'clock', answer: 'unknown', says: 'Twilio did not say what time it is' }
  const ahead = Math.round((now - date) / 1000)
  if (Math.abs(ahead) <= MAX_CLOCK_ERROR_SECONDS) return yes('clock', 'agrees with Twilio\'s')
  return no('clock', `is ${Math.abs(ahead)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} Twilio's; tokens ${ahead > 0 ? 'are refused as not yet valid (20105)' : 'expire too early (20104)'}; set it by NTP`)
}

export function apiKeyOf ({ TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET }: Settings): ApiKey {
  return { accountSid: TWILIO_ACCOUNT_SID, keySid: TWILIO_API_KEY_SID, keySecret: TWILIO_API_KEY_SECRET }
}
