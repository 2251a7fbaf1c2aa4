import { fresh, inspect, online, type Codes } from './code.js'

const sdks = 'Sync, Chat and Conversations'
const refresh = 'Update the token on tokenAboutToExpire, which comes 3 minutes before its end.'
const sids = 'Put TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET of one account into the settings.'
const service = 'Set the product\'s service SID (IS…) to one of this account and region.'

/** Of Sync, Chat and Conversations: of their REST APIs, and of the connection that their SDKs share, which Twilio calls Twilsock. */
export const twilsockCodes: Codes = {
  50050: { title: 'Chat and Conversations: the service is not found', causes: ['service_sid is a service of another account or region, or deleted'], look: online, fix: 'Set TWILIO_CHAT_SERVICE_SID or TWILIO_CONVERSATIONS_SERVICE_SID to a service of this account and region.' },
  50107: { title: 'Chat: the user is not allowed to do this', causes: ['the role of the token\'s identity lacks the permission', 'deployment_role_sid in the chat grant names a role with fewer permissions'], look: 'See the user\'s role in the service; npx twilio-token-broker inspect shows whose token it is.', fix: 'Give the user a role with the permission; no other token helps.' },
  50203: { title: 'Chat: the identity is reserved', causes: ['the identity is one that Twilio uses itself'], look: 'npx twilio-token-broker inspect shows the identity.', fix: 'Use another identity.' },
  50204: { title: 'Chat: the identity is missing', causes: ['a request to the REST API has no Identity', 'the identity is missing from the token'], look: inspect, fix: 'Put an identity into the token.' },
  50206: { title: 'Chat: the identity looks like a user SID', causes: ['the identity is US and 32 hexadecimal digits'], look: 'npx twilio-token-broker inspect shows the identity.', fix: 'Use the user\'s name, not the SID that Twilio gave it.' },
  50207: { title: 'Chat and Conversations: the identity is too long', causes: ['the identity has more than 256 characters'], look: inspect, fix: 'Use a shorter identity.' },
  51003: { title: `${sdks}: the identity is too long`, causes: ['the identity has more than 256 characters'], look: inspect, fix: 'Use a shorter identity.' },
  51004: { title: `${sdks}: the token's endpoint_id is too long`, causes: ['endpoint_id in the chat or data_sync grant holds a long text, such as service, identity and device together'], look: 'npx twilio-token-broker inspect --json shows the grants.', fix: 'Leave endpoint_id out, as current SDKs do without it, or use a short one.' },
  51006: { title: `${sdks}: the connection's time is over`, causes: ['the token ended, and the page gave the client no new one'], look: 'npx twilio-token-broker inspect shows when the token ended.', fix: refresh },
  51007: {
    title: `${sdks}: the token is refused`,
    causes: ['service_sid is missing, or of another account or region', 'the Conversations SID stands where the Sync SID belongs', 'the grant of the product or the identity is missing', 'the token has ended, or is not valid yet', 'the secret is not that of the API key in iss'],
    look: `${inspect} ${online}`,
    fix: `Mend first what npx twilio-token-broker inspect finds. ${service}`
  },
  51102: { title: `${sdks}: no service is named`, causes: ['service_sid is missing from the chat or data_sync grant'], look: inspect, fix: service },
  51103: { title: `${sdks}: the token has no grants`, causes: ['grants is missing from the token', 'no grant was added before the token was made'], look: inspect, fix: 'Ask for the product that the page uses.' },
  51104: { title: `${sdks}: the token names no service`, causes: ['service_sid is missing from the grant, or is spelt serviceSid'], look: inspect, fix: service },
  51105: { title: `${sdks}: the token has no identity`, causes: ['grants.identity is missing or empty', 'the identity stands beside the grants'], look: inspect, fix: 'Put an identity into the token.' },
  51106: { title: `${sdks}: the service is another product's`, causes: ['the SID of a Sync service stands in the chat grant, or one of Conversations in data_sync'], look: online, fix: 'Give each product the SID of a service of its own.' },
  51107: { title: `${sdks}: the service cannot be used`, causes: ['service_sid is a service of another account or region, or deleted'], look: online, fix: service },
  51110: { title: `${sdks}: the token has two grants of one product`, causes: ['a product\'s grant was added twice, or under an old and a new name, such as ip_messaging and chat'], look: inspect, fix: 'Keep one grant a product.' },
  51114: { title: `${sdks}: the token's header is not right`, causes: ['cty is not twilio-fpa;v=1', 'alg is not HS256, or typ is not JWT'], look: inspect, fix: 'See 20102, which means the same.' },
  51115: { title: `${sdks}: the token's subject is not right`, causes: ['sub is not the account SID (AC…) that owns the API key', 'account SID and key SID are swapped'], look: `${inspect} ${online}`, fix: sids },
  51116: { title: `${sdks}: the token's grants are not right`, causes: ['the grant is misspelt, such as sync or dataSync for data_sync', 'it holds another property than service_sid, such as serviceSid'], look: inspect, fix: 'See 20106, which means the same.' },
  51117: { title: `${sdks}: the token's signature is not right`, causes: ['the secret is not that of the API key in iss', 'the token was changed or cut short on its way'], look: `${inspect} ${online}`, fix: 'See 20107, which means the same.' },
  51118: { title: `${sdks}: the token's claims are not right`, causes: ['a claim is missing or misspelt', 'a time is a text or counts milliseconds'], look: inspect, fix: 'Write what npx twilio-token-broker inspect names, or let Twilio\'s AccessToken class or this broker make the token.' },
  51119: { title: `${sdks}: the token has expired`, causes: ['its time is over and the page did not update it', 'this server\'s clock is behind'], look: 'npx twilio-token-broker inspect shows when it was issued and when it ends, by this machine\'s clock.', fix: `${fresh} ${refresh}` },
  51120: { title: `${sdks}: the token is not valid yet`, causes: ['nbf is in the future, since this server\'s clock is ahead', 'nbf or iat counts milliseconds'], look: 'npx twilio-token-broker inspect shows the times; npx twilio-token-broker check --online compares this clock with Twilio\'s.', fix: 'Leave nbf out, write iat in seconds since 1970, and let the machine set its clock by NTP.' },
  51121: { title: `${sdks}: the token would live too long`, causes: ['exp is more than 24 hours after the time of issue', 'exp counts milliseconds'], look: inspect, fix: 'Ask for a ttl of at most 86400 seconds, and write exp in seconds since 1970.' },
  51122: { title: `${sdks}: the token could not be verified`, causes: ['the secret is not that of the API key in iss', 'the key was deleted, or is of another account or region'], look: `${inspect} ${online}`, fix: sids },
  51130: {
    title: `${sdks}: the token is not valid`,
    causes: ['what arrives is no token of Twilio\'s: undefined, an object in the place of its token, one of another vendor', 'an update brought a token of another identity, account or service than the one that the client began with'],
    look: `${inspect} After an update, give it both tokens.`,
    fix: 'Hand the SDK exactly the string in the answer\'s token property. Update with a token of the same identity, or make a new client.'
  },
  51131: { title: `${sdks}: the token could not be verified`, causes: ['the secret is not that of the API key in iss', 'the key was deleted, or is of another account or region'], look: `${inspect} ${online}`, fix: sids },
  51215: { title: `${sdks}: not authorised`, causes: ['the token has ended, or is not valid yet', 'account, key and secret do not belong together', 'the grant is for another product or service', 'the SDK was given an object in the place of the token'], look: `${inspect} ${online}`, fix: 'Follow what they find.' },
  54007: {
    title: 'Sync: the identity has no access to this object',
    causes: ['the service has ACLs on, and the object no permission for the token\'s identity', 'the token is for another identity than the one with the permission'],
    look: 'npx twilio-token-broker inspect shows the identity; compare it, letter by letter, with the object\'s permissions.',
    fix: 'Give the identity a permission for the object by the REST API, or turn ACLs off in the service.'
  },
  54050: { title: 'Sync: the service is not found', causes: ['service_sid is no Sync service, or one that was deleted'], look: online, fix: 'Set TWILIO_SYNC_SERVICE_SID to a Sync service of this account and region, or to default.' },
  54056: { title: 'Sync: the service is another account\'s', causes: ['service_sid is a Sync service of another account', 'sub is the wrong account, where there are several, or subaccounts'], look: `${inspect} ${online}`, fix: 'Set TWILIO_SYNC_SERVICE_SID to a service of the account in TWILIO_ACCOUNT_SID.' },
  54351: { title: 'Sync: the identity is not valid', causes: ['the identity is empty, or has more than 256 characters, in a token or in a request for a permission'], look: inspect, fix: 'Use an identity of 1 to 256 characters, the same in the token and in the permissions.' }
}
