/** What helps against each fault of the other files in this folder, by the fault's own words there. */
export const remedies: Array<{ fix: string, of: string[] }> = [
  {
    fix: 'Wait for the server\'s answer, and hand the SDK the string in its token property.',
    of: ['nothing']
  },
  {
    fix: 'Wait for the answer (await), and read its token property.',
    of: ['a promise that nobody waited for', 'undefined']
  },
  {
    fix: 'Fill the token in where the template stands.',
    of: ['a template']
  },
  {
    fix: 'Ask another address: this broker gives tokens at POST /token/video and the like. Open the address to see which page it answers.',
    of: ['an error page']
  },
  {
    fix: 'Read its code and detail, which say why it was refused. Hand the SDK a token only where the status is 200.',
    of: ['a refusal of the broker', 'another refusal']
  },
  {
    fix: 'Look at what the server answers; the SDK takes the string in its token property.',
    of: ['other JSON', 'an answer without a token']
  },
  {
    fix: 'Hand the SDK the token alone: the string that begins with eyJ, from the token property of the answer.',
    of: ['a whole answer in quotes', 'quotes', 'Bearer', 'a variable', 'line breaks', 'a list', 'a dictionary of Python', 'an object of Node', 'bytes of Python', 'bytes of Python in an answer', 'bytes of Python in a dictionary', 'an answer in a JSON string', 'quotes of a word processor', 'a line of a program', 'a line of JSON', 'angle brackets', 'a URL', 'URL encoding', 'a line break that was written out', 'invisible characters', 'a comma behind it', 'plain base64 in lines']
  },
  {
    fix: 'Copy the whole token: three parts with dots between.',
    of: ['dots of a document']
  },
  {
    fix: 'Get a Twilio access token from your server or from this broker, and hand the SDK that.',
    of: ['a SID', 'a secret', 'an opaque string', 'LiveKit', 'LiveKit without a room', 'Ably', 'Stream', 'Firebase', 'Supabase', 'Zoom', 'Vonage', 'OpenTok', 'Agora', 'an encrypted token', 'a line of .env', 'a broken encoding', 'a refresh token of Google', 'a refresh token of Keycloak', 'the JWT of OpenTok', 'the JWT of an OpenTok session', 'the JWT of an OpenTok account', 'the JWT of an OpenTok session of Vonage', 'the name of an OpenTok session', 'Daily', 'Jitsi', 'Jitsi of one\'s own', 'Azure', 'the example of jwt.io']
  },
  {
    fix: 'Send them to POST /token/video or the like at this broker, and hand the SDK the token of the answer.',
    of: ['Basic credentials']
  },
  {
    fix: 'Send it to your server, or to this broker as a bearer token (docs/identity-providers.md), and hand the SDK the token of the answer.',
    of: ['Auth0', 'another provider', 'the JWT of one\'s own login']
  },
  {
    fix: 'Use version 2 of the Voice SDK, and an access token with the grant voice.',
    of: ['a client capability token']
  },
  {
    fix: 'Use an access token with the grant task_router where the SDK wants one.',
    of: ['a TaskRouter capability token']
  },
  {
    fix: 'Ask POST /token/video or the like with the session; twilio-token-broker/client does. Hand the SDK the token of the answer.',
    of: ['a session of the broker', 'the answer that opens a session']
  },
  {
    fix: 'Let the server make the token, with this SID and the key\'s secret, or ask this broker for one.',
    of: ['the key\'s SID']
  },
  {
    fix: 'Let the server make a token of them, or give them to this broker as TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET.',
    of: ['SID and secret']
  },
  {
    fix: 'Ask this address, and hand the SDK the string in the token property of the answer.',
    of: ['an address']
  },
  {
    fix: 'Copy the token again as a whole, or hand the SDK the string as the server made it.',
    of: ['no signature part']
  },
  {
    fix: 'Copy the token again as a whole. If the server made it like this, let Twilio\'s AccessToken class or this broker make it.',
    of: ['a header that is none', 'claims that are none']
  },
  {
    fix: 'Encode header and claims as base64url without padding, and sign that: toString(\'base64url\') in Node.',
    of: ['padding', 'all of it in plain base64']
  },
  {
    fix: 'Sign by HS256 with the secret of the API key.',
    of: ['another algorithm']
  },
  {
    fix: 'Write "typ":"JWT" into the header.',
    of: ['another typ']
  },
  {
    fix: 'Write "cty":"twilio-fpa;v=1" into the header; Twilio\'s AccessToken class does.',
    of: ['no cty', 'another cty']
  },
  {
    fix: 'Write the region of the key as twr: us1 or ie1 or au1. Without twr it is us1.',
    of: ['an unknown region']
  },
  {
    fix: 'If the key is of us1, make the token for us1. If it is of another region, set TWILIO_REGION to that.',
    of: ['a key of another region']
  },
  {
    fix: 'If the key is of ie1, make the token for ie1. If it is of another region, set TWILIO_REGION to that.',
    of: ['a region that the token lacks']
  },
  {
    fix: 'Copy the token again as a whole. If it was made without a signature, sign it by HS256 with the secret of the API key.',
    of: ['an empty signature']
  },
  {
    fix: 'Copy the token again as a whole. If the server made it like this, sign it by HS256 with the secret of the API key.',
    of: ['a signature that is cut off']
  },
  {
    fix: 'Set TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET of one key, and hand on the token unchanged. If the secret is lost, make a new key: Twilio shows a secret once.',
    of: ['another secret']
  },
  {
    fix: 'Sign with the secret exactly as Twilio showed it: nothing around it, not decoded, no letter changed.',
    of: ['a secret with a line break', 'a secret with a blank', 'a secret in quotes', 'a decoded secret', 'a secret in small letters', 'a secret in capitals']
  },
  {
    fix: 'Make sure that the program that signs finds the secret of the API key: it took something else.',
    of: ['a SID for the secret', 'undefined for the secret', 'None for the secret']
  },
  {
    fix: 'Write the SID of the key whose secret signs as iss. TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET must be of one key.',
    of: ['this secret with another key']
  },
  {
    fix: 'Encode the bytes of the signature as base64url without padding: digest(\'base64url\') in Node.',
    of: ['a signature in plain base64', 'padding behind the signature', 'a signature in hexadecimal', 'hexadecimal as base64']
  },
  {
    fix: 'Swap them: iss is the API key (SK…), sub the account (AC…).',
    of: ['swapped SIDs']
  },
  {
    fix: 'Write the SID of the API key (SK…) as iss.',
    of: ['no iss', 'a name as iss', 'issuer for iss']
  },
  {
    fix: 'Make an API key in the Twilio Console, write its SID (SK…) as iss, and sign with its secret.',
    of: ['the account as iss']
  },
  {
    fix: 'Copy the SID of the API key again: SK and 32 hexadecimal digits.',
    of: ['a key SID that is cut off']
  },
  {
    fix: 'Write the SID of the account that owns the key (AC…) as sub.',
    of: ['no sub', 'a key as sub', 'a user as sub', 'accountSid for sub']
  },
  {
    fix: 'Copy the SID of the account again: AC and 32 hexadecimal digits.',
    of: ['an account SID with a blank']
  },
  {
    fix: 'Write TWILIO_ACCOUNT_SID as sub. If that account is the wrong one, set it to the account that owns the key.',
    of: ['another account']
  },
  {
    fix: 'Write exp = iat + ttl, in seconds since 1970.',
    of: ['no exp', 'a duration for exp', 'a duration for exp, and no iat', 'exp of 0', 'exp at iat', 'exp at nbf, without iat', 'exp at iat, of yesterday', 'expiresIn for exp']
  },
  {
    fix: 'Write exp = iat + ttl, in seconds since 1970. A number, without quotes.',
    of: ['exp as a string']
  },
  {
    fix: 'Write times in seconds since 1970: Math.floor(Date.now() / 1000) in JavaScript, int(time.time()) in Python; exp = iat + ttl.',
    of: ['exp in milliseconds', 'iat in milliseconds', 'iat and exp in milliseconds', 'all times in milliseconds', 'iat in milliseconds, exp in a day', 'nbf in milliseconds', 'nbf alone, in milliseconds', 'iat in microseconds', 'exp in nanoseconds']
  },
  {
    fix: 'Use a ttl of 180 to 86400 seconds, and add it: exp = iat + ttl.',
    of: ['a negative ttl']
  },
  {
    fix: 'Ask for a fresh token; pages should do so before the old one ends.',
    of: ['an ended token', 'a token that ended a moment ago', 'a token that ended yesterday', 'a token of last week', 'a token of years ago']
  },
  {
    fix: 'Use a ttl of at most 86400 seconds: exp = iat + ttl.',
    of: ['ten days', 'a token of Python that lives too long']
  },
  {
    fix: 'Write the time of issue as iat, in seconds since 1970: Math.floor(Date.now() / 1000) in JavaScript, int(time.time()) in Python. A number, without quotes.',
    of: ['iat as a string']
  },
  {
    fix: 'Let the machine that makes the tokens set its clock by NTP.',
    of: ['a clock that is ahead', 'a clock that is ahead, and nbf']
  },
  {
    fix: 'Leave nbf out.',
    of: ['nbf as a string']
  },
  {
    fix: 'Leave nbf out, and let the machine that makes the tokens set its clock by NTP.',
    of: ['nbf in the future', 'nbf in the future in the place of iat']
  },
  {
    fix: 'Write the time of issue as iat, in seconds since 1970: Math.floor(Date.now() / 1000) in JavaScript, int(time.time()) in Python.',
    of: ['iat of 0']
  },
  {
    fix: 'Write grants as an object: "grants":{"identity":"susan","video":{"room":"My Room"}}.',
    of: ['no grants', 'grants as a list']
  },
  {
    fix: 'Hand the JWT library grants as an object, not as JSON text.',
    of: ['grants as a string']
  },
  {
    fix: 'Add the grant of the product that the page uses, such as "video":{"room":"My Room"}.',
    of: ['no product']
  },
  {
    fix: 'Write the grant data_sync in the place of sync.',
    of: ['sync for data_sync']
  },
  {
    fix: 'Leave the grant rtc out.',
    of: ['the grant of a dead product']
  },
  {
    fix: 'Write an object: "video":{"room":"My Room"}.',
    of: ['a grant that is no object']
  },
  {
    fix: 'Write the user\'s name as identity into grants.',
    of: ['no identity']
  },
  {
    fix: 'Write the identity as text, in quotes.',
    of: ['a number as identity']
  },
  {
    fix: 'Write the user\'s name as identity into grants, and see why the server had none.',
    of: ['an empty identity']
  },
  {
    fix: 'Use letters, digits and _ alone, for instance the user\'s number. This broker makes such identities of any name where IDENTITY_FORM=escaped is set.',
    of: ['a mail address in Voice']
  },
  {
    fix: 'Use an identity without control characters, such as line breaks.',
    of: ['a control character']
  },
  {
    fix: 'Use an identity of at most 121 characters, for instance the user\'s number.',
    of: ['a long identity in Voice']
  },
  {
    fix: 'Use an identity of at most 128 characters, for instance the user\'s number.',
    of: ['a long identity in Video']
  },
  {
    fix: 'Use an identity of at most 256 characters, for instance the user\'s number.',
    of: ['a long identity in Sync', 'a long identity in Chat']
  },
  {
    fix: 'Write one room\'s name or SID (RM…) as video.room, as text.',
    of: ['a room that is no string']
  },
  {
    fix: 'Use a room\'s name of at most 128 characters.',
    of: ['a long room']
  },
  {
    fix: 'Write data_sync.service_sid: the SID of a Sync service (IS…) or default.',
    of: ['a Sync grant without a service']
  },
  {
    fix: 'Write chat.service_sid: the SID of a Conversations or Chat service (IS…).',
    of: ['a Chat grant without a service']
  },
  {
    fix: 'Write the SID of a Sync service (IS…) or default as data_sync.service_sid.',
    of: ['a messaging service in Sync']
  },
  {
    fix: 'Write the SID of a Conversations or Chat service (IS…) as chat.service_sid.',
    of: ['default in Chat']
  },
  {
    fix: 'Write the SID of a TwiML app (AP…) as voice.outgoing.application_sid; this broker takes it from TWILIO_TWIML_APP_SID.',
    of: ['a phone number as TwiML app']
  },
  {
    fix: 'Pass a short key in params, and look up the rest where the TwiML app\'s URL answers.',
    of: ['large params']
  },
  {
    fix: 'Write the SID of a push credential (CR…) as voice.push_credential_sid, or leave it out.',
    of: ['a push credential that is none']
  },
  {
    fix: 'Use a key of us1 for video, and make the token for its region: TWILIO_REGION at this broker, twr in the header.',
    of: ['Video in Ireland']
  },
  {
    fix: 'Use a key of us1 or ie1 for chat, and make the token for its region: TWILIO_REGION at this broker, twr in the header.',
    of: ['Conversations in Australia']
  },
  {
    fix: 'Move video and identity into the claim grants.',
    of: ['grants outside the grants']
  },
  {
    fix: 'Write grants in the place of grant.',
    of: ['grant for grants']
  },
  {
    fix: 'Write the grant data_sync in the place of dataSync.',
    of: ['dataSync alone']
  },
  {
    fix: 'Write the grant video in the place of Video.',
    of: ['Video alone']
  },
  {
    fix: 'Write the grant voice in the place of VOICE.',
    of: ['VOICE beside video']
  },
  {
    fix: 'Leave the grant Video out.',
    of: ['Video beside video']
  },
  {
    fix: 'Write the grant video in the place of vidoe.',
    of: ['a typing error']
  },
  {
    fix: 'Write the grant video in the place of VideoGrant.',
    of: ['the name of the class']
  },
  {
    fix: 'Write the grant chat in the place of conversations.',
    of: ['conversations']
  },
  {
    fix: 'Write the grant chat in the place of ip_messaging.',
    of: ['ip_messaging']
  },
  {
    fix: 'Write the grant task_router in the place of taskRouter.',
    of: ['taskRouter']
  },
  {
    fix: 'Write the grant task_router in the place of task-router.',
    of: ['task-router']
  },
  {
    fix: 'Write the grant voice in the place of Voice. Write the grant chat in the place of Chat.',
    of: ['two misspelt grants']
  },
  {
    fix: 'Add the grant of the product that the page uses, by a name that Twilio knows; Conversations is chat, Sync is data_sync.',
    of: ['an unknown grant alone']
  },
  {
    fix: 'Write an object: "chat":{"service_sid":"IS…"}.',
    of: ['a list for a grant']
  },
  {
    fix: 'Write identity in the place of Identity.',
    of: ['Identity']
  },
  {
    fix: 'Write identity in the place of userId.',
    of: ['userId for identity']
  },
  {
    fix: 'Write identity in the place of identty.',
    of: ['identty for identity']
  },
  {
    fix: 'Move identity into grants.',
    of: ['the identity beside the grants']
  },
  {
    fix: 'Write video.room in the place of video.room_sid.',
    of: ['room_sid']
  },
  {
    fix: 'Write video.room in the place of video.roomName.',
    of: ['roomName']
  },
  {
    fix: 'Write video.room in the place of video.Room.',
    of: ['Room']
  },
  {
    fix: 'Write video.room in the place of video.room_name.',
    of: ['room_name']
  },
  {
    fix: 'Write video.room in the place of video.rooms.',
    of: ['a list of rooms']
  },
  {
    fix: 'Write video.room in the place of video.allowedRoom.',
    of: ['allowedRoom']
  },
  {
    fix: 'Write video.room in the place of video.name.',
    of: ['name for room']
  },
  {
    fix: 'Leave video.roomSid out.',
    of: ['roomSid beside room']
  },
  {
    fix: 'Write voice.incoming.allow in the place of voice.incomingAllow.',
    of: ['incomingAllow']
  },
  {
    fix: 'Write voice.incoming.allow in the place of voice.incoming_allow.',
    of: ['incoming_allow']
  },
  {
    fix: 'Write voice.incoming in the place of voice.Incoming.',
    of: ['Incoming']
  },
  {
    fix: 'Write voice.incoming.allow in the place of voice.incoming.allowed.',
    of: ['incoming.allowed']
  },
  {
    fix: 'Write "incoming":{"allow":true}, or leave incoming out.',
    of: ['incoming as a boolean']
  },
  {
    fix: 'Write "outgoing":{"application_sid":"AP…"} with the SID of a TwiML app, or leave outgoing out.',
    of: ['outgoing as a SID']
  },
  {
    fix: 'Write voice.outgoing.application_sid in the place of voice.outgoingApplicationSid.',
    of: ['outgoingApplicationSid']
  },
  {
    fix: 'Write voice.outgoing.application_sid in the place of voice.outgoing_application_sid.',
    of: ['outgoing_application_sid']
  },
  {
    fix: 'Write voice.outgoing.application_sid in the place of voice.application_sid.',
    of: ['application_sid too high']
  },
  {
    fix: 'Write voice.outgoing.application_sid in the place of voice.outgoing.applicationSid.',
    of: ['outgoing.applicationSid']
  },
  {
    fix: 'Write voice.outgoing.params in the place of voice.outgoing.parms.',
    of: ['outgoing.parms']
  },
  {
    fix: 'Write voice.incoming.allow in the place of voice.incomingAllow. Write voice.push_credential_sid in the place of voice.pushCredentialSid.',
    of: ['both options of Node\'s class']
  },
  {
    fix: 'Write chat.service_sid in the place of chat.serviceSid.',
    of: ['serviceSid in Chat']
  },
  {
    fix: 'Write chat.service_sid in the place of chat.chat_service_sid.',
    of: ['chat_service_sid']
  },
  {
    fix: 'Write chat.endpoint_id in the place of chat.endpointId.',
    of: ['endpointId in Chat']
  },
  {
    fix: 'Write chat.deployment_role_sid in the place of chat.roleSid.',
    of: ['roleSid in Chat']
  },
  {
    fix: 'Write data_sync.service_sid in the place of data_sync.serviceSid.',
    of: ['serviceSid in Sync']
  },
  {
    fix: 'Write task_router.worker_sid in the place of task_router.workerSid.',
    of: ['workerSid in TaskRouter']
  },
  {
    fix: 'Write the SID of a push credential (CR…) as chat.push_credential_sid, or leave it out.',
    of: ['a push credential that is none in Chat']
  }
]
