/** One value that `init` needs. */
export interface Question {
  setting: 'TWILIO_ACCOUNT_SID' | 'TWILIO_API_KEY_SID' | 'TWILIO_API_KEY_SECRET' | 'TWILIO_REGION'
  /** Where it is found. */
  where: string
  ask: string
  hidden?: true
  /** Taken where nothing is typed, or given by a flag; `''` leaves the setting out. */
  otherwise?: string
}

/** In the order in which Twilio's console shows them. */
export const questions: Question[] = [
  { setting: 'TWILIO_ACCOUNT_SID', where: 'The account SID is on the first page of https://console.twilio.com, under Account Info.', ask: 'Account SID (AC…): ' },
  {
    setting: 'TWILIO_API_KEY_SID',
    where: 'Make an API key of the type Standard in the console: Account → API keys & tokens → Create API key. A Restricted key has the same form, and cannot sign tokens.',
    ask: 'API key SID (SK…): '
  },
  { setting: 'TWILIO_API_KEY_SECRET', where: 'The console shows the key\'s secret once, beside its SID. It is not the account\'s auth token.', ask: 'API key secret (hidden): ', hidden: true },
  { setting: 'TWILIO_REGION', where: 'The region is us1 unless you chose another one for the key: ie1 or au1.', ask: 'Region (Enter for us1): ', otherwise: '' }
]

/** A caution about a value that is not wrong by its form; undefined when there is none. */
export function caution ({ setting }: Question, value: string): string | undefined {
  // The secrets of keys have letters of both cases; an auth token is hexadecimal.
  return setting === 'TWILIO_API_KEY_SECRET' && /^[0-9a-f]{32}$/.test(value)
    ? 'this looks like the account\'s auth token; if it is, make an API key and give its secret'
    : undefined
}
