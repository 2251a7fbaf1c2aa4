import { isRecord } from '../../lib/is-record.js'
import type { Json } from './json.js'
import type { Token } from './read-token.js'

interface Vendor {
  says: string
  /** What to do instead, where it is not what helps against most. */
  fix?: string
  is (token: Token, claims: Json, header: Json): boolean
}

const text = (value: unknown): string => typeof value === 'string' ? value : ''

const GET_ONE = 'Get a Twilio access token from your server or from this broker, and hand the SDK that.'
const LOGIN = 'Send it to your server, or to this broker as a bearer token (docs/identity-providers.md), and hand the SDK the token of the answer.'

/** Other things that people paste or pass to an SDK by mistake. The first that matches counts. Missing claims are `{}`. */
const vendors: Vendor[] = [
  { says: 'nothing at all', fix: 'Wait for the server\'s answer, and hand the SDK the string in its token property.', is: ({ text }) => text === '' },
  { says: 'what JavaScript makes of a missing value: the page did not wait for the answer, or reads a property that is not there', fix: 'Wait for the answer (await), and read its token property.', is: ({ text }) => /^(undefined|null|NaN|\[object \w+\])$/.test(text) },
  { says: 'a template that nothing was filled into', fix: 'Fill the token in where the template stands.', is: ({ text }) => /^(\$?\{[^":]*\}|<[\w -]+>|%\w+%)$/.test(text) },
  { says: 'a web page: the address answers HTML, as for a wrong path or a login page', fix: 'Ask another address: this broker gives tokens at POST /token/video and the like. Open the address to see which page it answers.', is: ({ text }) => /^<(!doctype|html|head|body)\b/i.test(text) },
  { says: 'an answer of the broker that refuses: it holds a code and a detail, and no token', fix: 'Read its code and detail, which say why it was refused. Hand the SDK a token only where the status is 200.', is: ({ text }) => /^\{[^]*"(code|detail|title|error)"\s*:/.test(text) },
  { says: 'JSON without a token', fix: 'Look at what the server answers; the SDK takes the string in its token property.', is: ({ text }) => /^[{[]/.test(text) },
  { says: 'a shortened token, as documents print it', fix: 'Copy the whole token: three parts with dots between.', is: ({ text }) => /(…|\.\.\.)/.test(text) },
  { says: 'the SID of an API key, which names the key and signs nothing; a server makes the token with the key\'s secret', fix: 'Let the server make the token, with this SID and the key\'s secret, or ask this broker for one.', is: ({ text }) => /^SK[0-9a-f]{32}$/.test(text) },
  { says: 'a SID, which only names a thing', is: ({ text }) => /^[A-Z]{2}[0-9a-f]{32}$/.test(text) },
  { says: 'a SID with its secret, for Twilio\'s REST API; no page may ever have them. Change the secret if one had', fix: 'Let the server make a token of them, or give them to this broker as TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET.', is: ({ text }) => /^(SK|AC)[0-9a-f]{32}:\S+$/.test(text) },
  { says: 'a session of this broker; the broker takes it in the place of the password and answers with a token', fix: 'Ask POST /token/video or the like with the session; twilio-token-broker/client does. Hand the SDK the token of the answer.', is: ({ text }) => text.startsWith('ttb_') },
  { says: 'an address; the token is in what it answers', fix: 'Ask this address, and hand the SDK the string in the token property of the answer.', is: ({ text }) => /^(https?|wss?):\/\//i.test(text) },
  { says: 'a line of settings; secrets never go to a page. Change this one if it was on one', is: ({ text }) => /^(export\s+)?[A-Z][A-Z0-9]*_[A-Z0-9_]*=/.test(text) },
  { says: 'a token of Google, for Google\'s own services', is: ({ text }) => /^(ya29\.|1\/\/)/.test(text) },
  { says: '32 characters: a secret or an auth token of Twilio\'s perhaps, and those never go to a page. Change it if it was on one', is: ({ text }) => /^[0-9a-zA-Z]{32}$/.test(text) },
  { says: 'a session or token of OpenTok (Vonage Video)', is: ({ text }) => text.startsWith('T1==') || /^[12]_MX4/.test(text) },
  { says: 'a token of Agora', is: ({ text }) => /^00[67][0-9a-zA-Z+/=]{20,}$/.test(text) },
  { says: 'HTTP Basic credentials; they are for the broker, which answers with a token', fix: 'Send them to POST /token/video or the like at this broker, and hand the SDK the token of the answer.', is: ({ text }) => /^basic\s/i.test(text) },
  { says: 'an encrypted JWT (five parts), as the refresh tokens of many login services are; Twilio\'s have three', is: ({ parts }) => parts.length === 5 },

  { says: 'a Twilio client capability token, which Twilio.Device took before version 2', fix: 'Use version 2 of the Voice SDK, and an access token with the grant voice.', is: (_token, { scope }) => /(^|\s)scope:(client|stream)/.test(text(scope)) },
  { says: 'a Twilio TaskRouter capability token (version v1)', fix: 'Use an access token with the grant task_router where the SDK wants one.', is: (_token, { policies, version }) => Array.isArray(policies) && version === 'v1' },
  { says: 'a token of LiveKit', is: (_token, { iss, video, grants, metadata }) => grants === undefined && !text(iss).startsWith('SK') && isRecord(video) && (metadata !== undefined || Object.keys(video).some(name => /^(room|canPublish|canSubscribe)/.test(name))) },
  { says: 'a token of Ably', is: (_token, claims) => Object.keys(claims).some(name => name.startsWith('x-ably-')) },
  { says: 'a token of Firebase', is: (_token, { iss, aud, firebase }) => text(iss).startsWith('https://securetoken.google.com/') || text(aud).includes('identitytoolkit') || isRecord(firebase) },
  { says: 'a token of Supabase', is: (_token, { iss, role }) => text(iss).includes('supabase') || (role === 'anon' || role === 'service_role') },
  { says: 'a token of Zoom\'s Video SDK', is: (_token, { app_key: key, tpc, sdkKey }) => (key !== undefined && tpc !== undefined) || sdkKey !== undefined },
  { says: 'a token of OpenTok (Vonage Video)', is: (_token, { ist, scope, session_id: session }) => ist === 'project' || ist === 'account' || (text(scope).startsWith('session.') && session !== undefined) },
  { says: 'a token of Vonage', is: (_token, { application_id: id }) => id !== undefined },
  { says: 'a token of Daily', is: (_token, { d, grants }) => d !== undefined && grants === undefined },
  { says: 'a token of Jitsi', is: (_token, { aud, context }) => aud === 'jitsi' || (isRecord(context) && isRecord(context.user)) },
  { says: 'a token of Azure Communication Services', is: (_token, { skypeid }) => skypeid !== undefined },
  { says: 'the example that jwt.io shows', is: (_token, { sub, name }) => sub === '1234567890' && name === 'John Doe' },
  { says: 'a refresh token of an OpenID provider', is: (_token, { typ }) => /^(refresh|offline)$/i.test(text(typ)) },
  { says: 'a token of Stream', is: (_token, { user_id: user, grants }) => typeof user === 'string' && grants === undefined },
  { says: 'a token of Auth0 or another OpenID provider, which says who somebody is', fix: LOGIN, is: (_token, { iss, grants }, { alg }) => grants === undefined && (/^https?:/.test(text(iss)) || /^(RS|ES|PS)\d{3}$|^EdDSA$/.test(text(alg))) },
  { says: 'a JWT of another application, perhaps of your own login: it names neither grants nor an API key', fix: LOGIN, is: ({ claims }, { grants, iss, sub }, { cty }) => claims !== undefined && grants === undefined && cty === undefined && ![iss, sub].some(sid => /^(SK|AC)/.test(text(sid))) },

  { says: 'an opaque string, no JWT of three parts', is: ({ header, parts }) => header === undefined && parts.length !== 3 }
]

/** Says what else this is than a Twilio access token; undefined if it may be one. */
export function vendor (token: Token): { says: string, fix: string } | undefined {
  const found = vendors.find(({ is }) => is(token, token.claims ?? {}, token.header ?? {}))
  return found && { says: found.says, fix: found.fix ?? GET_ONE }
}
