/** One value that `init` writes into `.env`. */
export interface Question {
  setting: string
  /** The option that answers it. */
  flag: string
  /** Where the value is found, or what it is for. */
  where: string
  ask: string
  hidden?: true
  /** Taken where nothing is typed, and nothing given by an option; `''` leaves the setting out. */
  otherwise?: string
  /** The list of the account's own, from which it can be chosen. */
  choices?: 'apps' | 'conversations' | 'sync'
}

/** In the order in which Twilio's console shows them. */
export const required: Question[] = [
  { setting: 'TWILIO_ACCOUNT_SID', flag: '--account-sid', where: 'The account SID is on the first page of https://console.twilio.com, under Account Info.', ask: 'Account SID (AC…): ' },
  {
    setting: 'TWILIO_API_KEY_SID',
    flag: '--key-sid',
    where: 'Make an API key of the type Standard in the console: Account → API keys & tokens → Create API key. A Restricted key has the same form, and cannot sign tokens.',
    ask: 'API key SID (SK…): '
  },
  { setting: 'TWILIO_API_KEY_SECRET', flag: '--secret-file', where: 'The console shows the key\'s secret once, beside its SID. It is not the account\'s auth token.', ask: 'API key secret (hidden): ', hidden: true }
]

export const region: Question =
  { setting: 'TWILIO_REGION', flag: '--region', where: 'The region is us1 unless you chose another one for the key: ie1 or au1.', ask: 'Region (Enter for us1): ', otherwise: '' }

export const optional: Question[] = [
  {
    setting: 'TWILIO_TWIML_APP_SID',
    flag: '--twiml-app-sid',
    where: 'Voice: a TwiML app decides what happens to a call that a page makes. Without one, pages can take calls, and cannot make any.',
    ask: 'TwiML app SID (AP…, Enter for none): ',
    otherwise: '',
    choices: 'apps'
  },
  {
    setting: 'TWILIO_CONVERSATIONS_SERVICE_SID',
    flag: '--conversations-service-sid',
    where: 'Conversations: the service that holds them. Without one, there are no tokens for Conversations.',
    ask: 'Conversations service SID (IS…, Enter for none): ',
    otherwise: '',
    choices: 'conversations'
  },
  {
    setting: 'TWILIO_SYNC_SERVICE_SID',
    flag: '--sync-service-sid',
    where: 'Sync: the service that holds its objects. Every account has a default one.',
    ask: 'Sync service SID (IS…, Enter for the default one): ',
    otherwise: '',
    choices: 'sync'
  },
  {
    setting: 'CORS_ORIGINS',
    flag: '--origin',
    where: 'Pages that are not served by the broker may ask it only if their origin is listed, such as https://app.example.com. Separate several by commas.',
    ask: 'Your page\'s origin (Enter for none): ',
    otherwise: ''
  }
]

/** A caution about a value that is not wrong by its form; undefined when there is none. */
export function caution ({ setting }: Question, value: string): string | undefined {
  // The secrets of keys have letters of both cases; an auth token is hexadecimal.
  return setting === 'TWILIO_API_KEY_SECRET' && /^[0-9a-f]{32}$/.test(value)
    ? 'this looks like the account\'s auth token; if it is, make an API key and give its secret'
    : undefined
}
