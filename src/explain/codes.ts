/** What is known of one of Twilio's error codes, in our own words. */
export interface ErrorCode {
  title: string
  /** What brings it about, the commonest first. */
  causes: string[]
  /** How to tell which cause it is. */
  look: string
  fix: string
  /** The code by which Voice tells the same. */
  voice?: number
  /** The code that Voice's browser SDK shows in its place; 53000 only unless it is made with `enableImprovedSignalingErrorPrecision: true`. */
  shown?: number
}

const inspect = 'Give the token to inspect: it tries every rule and the configured key.'
const online = 'check --online asks Twilio whether key, secret, account and region belong together.'
const fresh = 'Ask for a fresh token; pages should do so before the old one ends.'

/**
 * Errors that a token, or the settings it is made of, can bring about.
 * https://www.twilio.com/docs/api/errors lists all of Twilio's; titles follow the SDKs' own tables.
 */
export const codes: Readonly<Record<number, ErrorCode>> = {
  20003: {
    title: 'the REST API refuses the credentials',
    causes: ['the secret is not the one of this API key', 'the key is deleted, or of another region or account', 'a Standard key asked for /Accounts or /Keys, which only a Main key may', 'the account is suspended'],
    look: online,
    fix: 'Put SID and secret of one Main or Standard key of this account and region into the settings.'
  },
  20101: {
    title: 'invalid access token',
    causes: ['what arrives is no token: undefined, an error page, a whole JSON answer, quotes or Bearer around it', 'a header or claim is not as Twilio wants it', 'the account SID and the key SID are swapped', 'the token is of another product or vendor'],
    look: inspect,
    fix: 'Hand the SDK exactly the string in the answer\'s token property, made by the API key of this account.',
    voice: 31204
  },
  20102: {
    title: 'invalid access token header',
    causes: ['cty is not twilio-fpa;v=1, as a general JWT library leaves it out', 'alg is not HS256, or typ is not JWT', 'an old capability token'],
    look: inspect,
    fix: 'Write the header {"alg":"HS256","typ":"JWT","cty":"twilio-fpa;v=1"}; Twilio\'s own AccessToken class does.',
    voice: 31204
  },
  20103: {
    title: 'invalid access token issuer or subject',
    causes: ['iss holds the account SID, or sub the key SID: they are swapped', 'the key belongs to another account or region', 'the key was deleted, which ends all its tokens', 'the SID of a test credential or of a subaccount'],
    look: `${inspect} ${online}`,
    fix: 'iss is the API key (SK…) and sub the account (AC…) that owns it: TWILIO_API_KEY_SID and TWILIO_ACCOUNT_SID.',
    voice: 31203
  },
  20104: {
    title: 'access token expired, or its end is not valid',
    causes: ['its time is over', 'exp is missing, is not a number, or counts milliseconds', 'this server\'s clock is behind', 'it lives longer than 24 hours'],
    look: 'inspect shows when it was issued and when it ends, by this machine\'s clock.',
    fix: fresh,
    voice: 31205
  },
  20105: {
    title: 'access token not yet valid',
    causes: ['nbf is in the future, since this server\'s clock is ahead', 'iat or nbf counts milliseconds'],
    look: 'check --online compares this clock with Twilio\'s.',
    fix: 'Leave nbf out, and let the machine set its clock by NTP.',
    voice: 31204
  },
  20106: {
    title: 'invalid access token grants',
    causes: ['grants is missing or holds no product', 'a grant has a name that Twilio does not know, such as sync for data_sync', 'the identity is missing or no string', 'a SID in a grant has not the right form'],
    look: inspect,
    fix: 'Ask for the product that the page uses, with an identity.',
    voice: 31204
  },
  20107: {
    title: 'invalid access token signature',
    causes: ['the secret is not that of the API key in iss', 'a blank, a line break or quotes came along with the secret', 'the auth token stands where the key\'s secret belongs', 'the token was changed or cut short on its way'],
    look: `${inspect} ${online}`,
    fix: 'The secret was shown once, when the key was made; if it is lost, make a new key and set TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET together.',
    voice: 31202
  },
  20151: {
    title: 'authentication failed',
    causes: ['the account is suspended', 'the key was deleted or is of another region', 'any of what 20101 to 20107 stand for: Voice\'s SDK shows 31201 as this'],
    look: `${inspect} ${online}`,
    fix: 'Follow what they find; then look at the account\'s state in the console.',
    voice: 31201
  },
  20155: { title: 'the token\'s time of issue or start is not valid', causes: ['iat or nbf is missing, no number, or in the future'], look: inspect, fix: 'Write both in seconds since 1970, or leave nbf out, and mind the clock.' },
  20156: { title: 'the token has expired, or its end is not valid', causes: ['its time is over', 'exp is missing or counts milliseconds'], look: inspect, fix: fresh, voice: 31205 },
  20157: { title: 'the token would live longer than 24 hours', causes: ['exp is more than 86400 seconds after iat', 'exp counts milliseconds'], look: inspect, fix: 'Ask for a ttl of at most 86400 seconds.', voice: 31207 },
  20160: {
    title: 'no token that Twilio takes',
    causes: ['it is no JWT of three parts', 'its header is not as Twilio wants it', 'it was signed by a Restricted API key, which cannot sign tokens'],
    look: `${inspect} check --online finds a Restricted key.`,
    fix: 'Make a Standard key in the console, under API keys & tokens.'
  },
  21218: { title: 'the application SID is not valid', causes: ['outgoing.application_sid is no TwiML app (AP…) of this account and region'], look: online, fix: 'Set TWILIO_TWIML_APP_SID to an app of this account.' },
  31000: { title: 'Voice: an unknown error', causes: ['the signalling socket failed before Twilio said why', 'a code that the SDK has no name for'], look: 'Make the Device with logLevel 1 and look for the code in payload.error.', fix: 'Make the Device with enableImprovedSignalingErrorPrecision: true, and explain the code that it then gives.' },
  31001: { title: 'Voice: the TwiML app is not found', causes: ['TWILIO_TWIML_APP_SID is an app of another account or region, or deleted'], look: online, fix: 'Set it to an app of this account.', shown: 53000 },
  31002: { title: 'Voice: the call was declined', causes: ['the token does not allow calls out', 'the TwiML app has no Voice URL, or the URL fails'], look: 'inspect says whether calls out are granted; the console\'s debugger shows what the app\'s URL answered.', fix: 'Grant outgoing, and give the app a Voice URL that answers TwiML.', shown: 53000 },
  31100: { title: 'Voice: malformed request', causes: ['the client\'s name or a parameter holds a character that cannot stand there'], look: inspect, fix: 'Use letters, digits and _ in the identity.' },
  31102: { title: 'Voice: no token in the request', causes: ['the Device was made with undefined or an empty string'], look: 'Print typeof token before new Device(token).', fix: 'Wait for the answer, and take its token property.', shown: 53000 },
  31103: { title: 'Voice: a parameter is too long', causes: ['the params of an outgoing call are above about 800 bytes'], look: inspect, fix: 'Pass a key, and look up the rest in the TwiML app.', shown: 53000 },
  31105: { title: 'Voice: the client\'s name is not valid', causes: ['the identity holds something else than letters, digits and _', 'it has more than 121 characters'], look: inspect, fix: 'Map your users\' names to such an identity, for instance by their number.', shown: 53000 },
  31201: { title: 'Voice: not authorised', causes: ['the key was deleted, is Restricted, or of another region or account'], look: `${inspect} ${online}`, fix: 'See 20151, as which the SDK shows it.', shown: 20151 },
  31202: { title: 'Voice: the signature is not right', causes: ['the secret is not that of the API key in iss', 'the key is of another region than the token\'s twr or the Device\'s edge'], look: `${inspect} ${online} By default the SDK shows this as 53000, which also stands for network trouble.`, fix: 'See 20107.', shown: 53000 },
  31203: { title: 'Voice: no valid account', causes: ['sub is not the account that owns the key', 'the account is suspended'], look: `${inspect} ${online}`, fix: 'See 20103.', shown: 53000 },
  31204: { title: 'Voice: the token is not valid', causes: ['header, claims or grants are not as Twilio wants them', 'what arrives is no token'], look: inspect, fix: 'See 20101, as which the SDK shows it.', shown: 20101 },
  31205: { title: 'Voice: the token has expired', causes: ['its time is over and the page did not update it', 'a clock is wrong'], look: 'inspect shows the times.', fix: 'Call updateToken on tokenWillExpire, which comes once, 10 seconds before.', shown: 20104 },
  31206: { title: 'Voice: too many requests', causes: ['the page registers or calls in a loop, as with a token of 10 seconds or less'], look: 'inspect shows how long the token lives.', fix: 'Give tokens at least 180 seconds.' },
  31207: { title: 'Voice: the token lives too long', causes: ['exp is more than 24 hours after iat'], look: inspect, fix: 'See 20157.', shown: 53000 },
  50207: { title: 'Chat and Conversations: the identity is too long', causes: ['the identity has more than 256 characters'], look: inspect, fix: 'Use a shorter identity.' },
  51003: { title: 'Sync, Chat and Conversations: the identity is too long', causes: ['the identity has more than 256 characters'], look: inspect, fix: 'Use a shorter identity.' },
  51007: { title: 'the token is not for this service', causes: ['service_sid is missing, or of another account or region', 'the Conversations SID stands where the Sync SID belongs'], look: `${inspect} ${online}`, fix: 'Set the product\'s service SID (IS…) to one of this account and region.' },
  51130: { title: 'the update of the token is refused', causes: ['the new token has another identity, account or service than the one that the client began with'], look: 'inspect both tokens.', fix: 'Update with a token of the same identity, or make a new client.' },
  53000: {
    title: 'the signalling connection failed',
    causes: ['from Voice: by default its SDK shows 31202 (wrong signature) and most other codes of 310xx to 312xx as this', 'a firewall or proxy stops the WebSocket to Twilio'],
    look: `Make the Device with enableImprovedSignalingErrorPrecision: true to see the code itself. ${inspect}`,
    fix: 'If inspect finds nothing, look at the network: WebSockets to *.twilio.com on port 443.'
  },
  53001: { title: 'the signalling connection was cut', causes: ['the network went away'], look: 'See whether other WebSockets of the page last.', fix: 'The SDK connects again; for Video the token must live as long as the session, since it is sent again.' },
  53100: { title: 'Video: the room\'s name is not valid', causes: ['the room in the grant or in connect() is empty or no string'], look: inspect, fix: 'Name the room.' },
  53101: { title: 'Video: the room\'s name is too long', causes: ['it has more than 128 characters'], look: inspect, fix: 'Use a shorter name.' },
  53102: { title: 'Video: the room\'s name holds characters that cannot stand there', causes: ['control characters'], look: inspect, fix: 'Use another name.' },
  53103: { title: 'Video: the room cannot be created', causes: ['rooms made by clients are turned off in the console', 'the account\'s limits are reached'], look: 'See Video, Default Room Settings in the console.', fix: 'Allow it there, or create rooms by the REST API.' },
  53104: { title: 'Video: the room cannot be entered', causes: ['the token\'s grant names another room'], look: 'inspect says which room the token is for.', fix: 'Ask for a token for the room that connect() names.' },
  53105: { title: 'Video: the room is full', causes: ['as many participants as the room takes'], look: 'See the room in the console.', fix: 'Use a room of another size or type.' },
  53106: { title: 'Video: the room is not found', causes: ['it has ended, and rooms made by clients are turned off', 'an RM… SID of another account'], look: online, fix: 'Create the room first.' },
  53200: { title: 'Video: the identity is not valid', causes: ['the identity is missing, empty or no string'], look: inspect, fix: 'Put an identity into the token.' },
  53201: { title: 'Video: the identity is too long', causes: ['it has more than 128 characters'], look: inspect, fix: 'Use a shorter identity.' },
  53202: { title: 'Video: the identity holds characters that cannot stand there', causes: ['control characters'], look: inspect, fix: 'Use another identity.' },
  53205: { title: 'Video: left because the same identity came in again', causes: ['two tabs or devices use one identity in one room: the later one stays', 'the page connects twice'], look: 'See whether the page calls connect() again before the first room is left.', fix: 'Give each tab an identity of its own, such as susan:2, or disconnect first.' },
  70051: { title: 'the REST API does not authorise the key', causes: ['a Restricted key without the permission', 'credentials of another account', 'the account or key is suspended'], look: online, fix: 'Use a Standard key of this account.' },
  70151: { title: 'too many API keys', causes: ['the account has as many keys as it can'], look: 'See the list of keys in the console.', fix: 'Delete keys that nothing uses.' }
}

/** The entries of the codes that `text` names; a pasted message will do. */
export function codesIn (text: string): Array<[code: number, known: ErrorCode | undefined]> {
  return [...new Set(text.match(/(?<!\d)\d{5}(?!\d)/g))].map(digits => [Number(digits), codes[Number(digits)]])
}

/** How Voice, which has codes of its own, tells the same. */
export function inVoice ({ voice, shown }: ErrorCode): string[] {
  if (voice !== undefined) return [`Voice tells the same as ${voice}, which its SDK shows as ${codes[voice]!.shown}.`]
  if (shown === undefined) return []
  return [`The Voice SDK shows it as ${shown}${shown === 53000 ? ', unless its Device is made with enableImprovedSignalingErrorPrecision: true' : ''}.`]
}
