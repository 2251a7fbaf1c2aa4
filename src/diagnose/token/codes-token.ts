import { fresh, inspect, online, type Codes } from './code.js'

const end = `If its time is over: ${fresh} If exp is wrong, write exp = iat + ttl, in seconds since 1970.`

/** Of tokens as such, and of the REST API. */
export const tokenCodes: Codes = {
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
    fix: 'iss is the API key (SK…) and sub the account (AC…) that owns it: TWILIO_API_KEY_SID and TWILIO_ACCOUNT_SID. If the key was deleted, make a new one.',
    voice: 31203
  },
  20104: {
    title: 'access token expired, or its end is not valid',
    causes: ['its time is over', 'exp is missing, is no number, counts milliseconds, or is a duration such as 3600', 'this server\'s clock is behind', 'it lives longer than 24 hours'],
    look: 'npx twilio-token-broker inspect shows when it was issued and when it ends, by this machine\'s clock.',
    fix: end,
    voice: 31205
  },
  20105: {
    title: 'access token not yet valid',
    causes: ['nbf is in the future, since this server\'s clock is ahead', 'iat or nbf counts milliseconds'],
    look: 'npx twilio-token-broker check --online compares this clock with Twilio\'s.',
    fix: 'Leave nbf out, write iat in seconds since 1970, and let the machine set its clock by NTP.',
    voice: 31204
  },
  20106: {
    title: 'invalid access token grants',
    causes: ['grants is missing or holds no product', 'a grant or a property in it is misspelt, such as sync for data_sync, or room_sid for room', 'the identity is missing or no string', 'a SID in a grant has not the right form'],
    look: inspect,
    fix: 'Name grants and properties as Twilio does: voice, video, chat, data_sync, task_router, with identity beside them in grants. This broker does; ask it for the product that the page uses.',
    voice: 31204
  },
  20107: {
    title: 'invalid access token signature',
    causes: ['the secret is not that of the API key in iss', 'a blank, a line break or quotes came along with the secret', 'the auth token stands where the key\'s secret belongs', 'the token was changed or cut short on its way'],
    look: `${inspect} ${online}`,
    fix: 'Sign with the secret of the API key in iss, exactly as Twilio showed it, and hand on the token unchanged. Twilio shows a secret once: if it is lost, make a new key, and set TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET together.',
    voice: 31202
  },
  20151: {
    title: 'authentication failed',
    causes: ['the account is suspended', 'the key was deleted or is of another region', 'any of what 20101 to 20107 stand for: Voice\'s SDK shows 31201 as this'],
    look: `${inspect} ${online}`,
    fix: 'Follow what they find; then look at the account\'s state in the Twilio Console.',
    voice: 31201
  },
  20152: { title: 'the token\'s header is not right', causes: ['cty is not twilio-fpa;v=1', 'alg is not HS256, or typ is not JWT'], look: inspect, fix: 'See 20102, which means the same.' },
  20153: { title: 'the token\'s issuer or subject is not right', causes: ['iss is not the API key (SK…), or sub not its account (AC…)', 'the key was deleted, or the account is suspended'], look: `${inspect} ${online}`, fix: 'See 20103, which means the same.' },
  20154: { title: 'the token\'s claims are not right', causes: ['a claim is missing or misspelt', 'a time is a text or counts milliseconds'], look: inspect, fix: 'Write what npx twilio-token-broker inspect names, or let Twilio\'s AccessToken class or this broker make the token.' },
  20155: { title: 'the token\'s time of issue or start is not valid', causes: ['iat or nbf is missing, no number, or in the future'], look: inspect, fix: 'Write iat in seconds since 1970, leave nbf out, and let the machine set its clock by NTP.' },
  20156: { title: 'the token has expired, or its end is not valid', causes: ['its time is over', 'exp is missing or counts milliseconds'], look: inspect, fix: end, voice: 31205 },
  20157: { title: 'the token would live longer than 24 hours', causes: ['exp is more than 86400 seconds after iat', 'exp counts milliseconds'], look: inspect, fix: 'Ask for a ttl of at most 86400 seconds, and write exp in seconds since 1970.', voice: 31207 },
  20159: { title: 'the token\'s signature is not right', causes: ['the secret is not that of the API key in iss', 'the token was changed or cut short on its way'], look: `${inspect} ${online}`, fix: 'See 20107, which means the same.' },
  20160: {
    title: 'no token that Twilio takes',
    causes: ['it is no JWT of three parts', 'its header is not as Twilio wants it', 'it was signed by a Restricted API key, which cannot sign tokens'],
    look: `${inspect} npx twilio-token-broker check --online finds a Restricted key.`,
    fix: 'Hand the SDK the token alone, as Twilio\'s AccessToken class or this broker makes it. If its key is Restricted, make a Standard key in the Twilio Console, under API keys & tokens.'
  },
  20403: { title: 'the account may not do this', causes: ['the account is suspended or closed'], look: 'See the account\'s state in the Twilio Console.', fix: 'Settle it with Twilio; no other token helps.' },
  21218: { title: 'the application SID is not valid', causes: ['outgoing.application_sid is no TwiML app (AP…) of this account and region'], look: online, fix: 'Set TWILIO_TWIML_APP_SID to an app of this account.' },
  70051: { title: 'the REST API does not authorise the key', causes: ['a Restricted key without the permission', 'credentials of another account', 'the account or key is suspended'], look: online, fix: 'Use a Standard key of this account.' },
  70151: { title: 'too many API keys', causes: ['the account has as many keys as it can'], look: 'See the list of keys in the Twilio Console.', fix: 'Delete keys that nothing uses.' }
}
