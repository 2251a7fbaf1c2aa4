import { inspect, online, type Codes } from './code.js'

/** Of Voice. */
export const voiceCodes: Codes = {
  31000: { title: 'Voice: an unknown error', causes: ['the signalling socket failed before Twilio said why', 'a code that the SDK has no name for'], look: 'Make the Device with logLevel 1 and look for the code in payload.error.', fix: 'Make the Device with enableImprovedSignalingErrorPrecision: true, and explain the code that it then gives.' },
  31001: { title: 'Voice: the TwiML app is not found', causes: ['TWILIO_TWIML_APP_SID is an app of another account or region, or deleted'], look: online, fix: 'Set it to an app of this account.', shown: 53000 },
  31002: { title: 'Voice: the call was declined', causes: ['the token does not allow calls out', 'the TwiML app has no Voice URL, or the URL fails'], look: 'npx twilio-token-broker inspect says whether calls out are granted; the debugger of the Twilio Console shows what the app\'s URL answered.', fix: 'Grant outgoing, and give the app a Voice URL that answers TwiML.', shown: 53000 },
  31100: { title: 'Voice: malformed request', causes: ['the client\'s name or a parameter holds a character that cannot stand there'], look: inspect, fix: 'Use letters, digits and _ in the identity.' },
  31102: { title: 'Voice: no token in the request', causes: ['the Device was made with undefined or an empty string'], look: 'Print typeof token before new Device(token).', fix: 'Wait for the answer, and take its token property.', shown: 53000 },
  31103: { title: 'Voice: a parameter is too long', causes: ['the params of an outgoing call are above about 800 bytes'], look: inspect, fix: 'Pass a key, and look up the rest in the TwiML app.', shown: 53000 },
  31105: { title: 'Voice: the client\'s name is not valid', causes: ['the identity holds something else than letters, digits and _', 'it has more than 121 characters'], look: inspect, fix: 'Map your users\' names to such an identity, for instance by their number.', shown: 53000 },
  31201: { title: 'Voice: not authorised', causes: ['the key was deleted, is Restricted, or of another region or account'], look: `${inspect} ${online}`, fix: 'See 20151, as which the SDK shows it.', shown: 20151 },
  31202: { title: 'Voice: the signature is not right', causes: ['the secret is not that of the API key in iss', 'the key is of another region than the token\'s twr or the Device\'s edge'], look: `${inspect} ${online} By default the SDK shows this as 53000, which also stands for network trouble.`, fix: 'See 20107.', shown: 53000 },
  31203: { title: 'Voice: no valid account', causes: ['sub is not the account that owns the key', 'the account is suspended'], look: `${inspect} ${online}`, fix: 'See 20103.', shown: 53000 },
  31204: { title: 'Voice: the token is not valid', causes: ['header, claims or grants are not as Twilio wants them', 'what arrives is no token'], look: inspect, fix: 'See 20101, as which the SDK shows it.', shown: 20101 },
  31205: { title: 'Voice: the token has expired', causes: ['its time is over and the page did not update it', 'a clock is wrong'], look: 'npx twilio-token-broker inspect shows the times.', fix: 'Call updateToken on tokenWillExpire, which comes once, 10 seconds before.', shown: 20104 },
  31206: { title: 'Voice: too many requests', causes: ['the page registers or calls in a loop, as with a token of 10 seconds or less'], look: 'npx twilio-token-broker inspect shows how long the token lives.', fix: 'Give tokens at least 180 seconds.' },
  31207: { title: 'Voice: the token lives too long', causes: ['exp is more than 24 hours after iat'], look: inspect, fix: 'See 20157.', shown: 53000 }
}
