/** One value that `init` writes into `.env`. */
export interface Question {
  setting: string
  /** The option that answers it. */
  flag: string
  /** Where to find the value, or what it is for. */
  where: string
  ask: string
  hidden?: true
  /** The answer when nothing is typed; `''` leaves the setting out. */
  defaultAnswer?: string
  /** The list of the account from which the value can be chosen. */
  choices?: 'apps' | 'conversations' | 'sync'
}

/** In the order in which Twilio's console shows them. */
export const required: Question[] = [
  { setting: 'TWILIO_ACCOUNT_SID', flag: '--account-sid', where: 'The account SID is on the first page of https://console.twilio.com, under Account Info.', ask: 'Account SID (AC…): ' },
  {
    setting: 'TWILIO_API_KEY_SID',
    flag: '--key-sid',
    where: 'Create an API key of the type Standard in the console: Account → API keys & tokens → Create API key. A Restricted key looks the same, but cannot sign tokens.',
    ask: 'API key SID (SK…): '
  },
  { setting: 'TWILIO_API_KEY_SECRET', flag: '--secret-file', where: 'The console shows the secret of the key once, beside its SID. It is not the auth token of the account.', ask: 'API key secret (hidden): ', hidden: true }
]

export const region: Question =
  { setting: 'TWILIO_REGION', flag: '--region', where: 'The region is us1 unless you chose another one for the key: ie1 or au1.', ask: 'Region (Enter for us1): ', defaultAnswer: '' }

export const optional: Question[] = [
  {
    setting: 'TWILIO_TWIML_APP_SID',
    flag: '--twiml-app-sid',
    where: 'Voice: a TwiML app decides what happens to outgoing calls. Without one, pages can take calls but not make them.',
    ask: 'TwiML app SID (AP…, Enter for none): ',
    defaultAnswer: '',
    choices: 'apps'
  },
  {
    setting: 'TWILIO_CONVERSATIONS_SERVICE_SID',
    flag: '--conversations-service-sid',
    where: 'Conversations: the service to use. Without one, there are no tokens for Conversations.',
    ask: 'Conversations service SID (IS…, Enter for none): ',
    defaultAnswer: '',
    choices: 'conversations'
  },
  {
    setting: 'TWILIO_SYNC_SERVICE_SID',
    flag: '--sync-service-sid',
    where: 'Sync: the service to use. Every account has a default one.',
    ask: 'Sync service SID (IS…, Enter for the default one): ',
    defaultAnswer: '',
    choices: 'sync'
  },
  {
    setting: 'CORS_ORIGINS',
    flag: '--origin',
    where: 'Pages of other origins may ask the broker only if their origin is listed, such as https://app.example.com. Separate several by commas.',
    ask: 'Your page\'s origin (Enter for none): ',
    defaultAnswer: ''
  }
]

/** A warning about a value whose form is right; undefined if there is none. */
export function caution ({ setting }: Question, value: string): string | undefined {
  // Secrets of keys have upper and lower case letters; an auth token is hexadecimal.
  return setting === 'TWILIO_API_KEY_SECRET' && /^[0-9a-f]{32}$/.test(value)
    ? 'this looks like the auth token of the account; if it is, create an API key and enter its secret'
    : undefined
}
