import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { codes } from '../../src/explain/codes.js'
import { findings } from '../../src/explain/findings.js'
import { readToken } from '../../src/explain/read-token.js'
import { claims } from '../../src/explain/rules-claims.js'
import { envelope } from '../../src/explain/rules-envelope.js'
import { grants } from '../../src/explain/rules-grants.js'
import { checkSignature } from '../../src/explain/signature.js'
import { createMint } from '../../src/mint.js'
import { inspect } from '../helpers/inspect.js'
import { base64url, body, good, head, long, now, sameSecond, secret, settings, sid, signature, token, video, voice } from '../helpers/made-token.js'

sameSecond(t)

/** A line as `inspect` is given it, the code that Twilio has for it, and words of the cause. */
const refused: Array<[what: string, given: string, code: number, says: RegExp, env?: Record<string, string>]> = [
  // What was pasted
  ['nothing', '', 20101, /nothing at all/],
  ['a promise that nobody waited for', '[object Promise]', 20101, /did not wait for the answer/],
  ['undefined', 'undefined', 20101, /missing value/],
  ['a template', '<your token>', 20101, /template/],
  ['an error page', '<!DOCTYPE html><html>', 20101, /web page/],
  ['a refusal of the broker', '{"type":"about:blank","status":401,"code":"credentials-wrong"}', 20101, /refuses/],
  ['other JSON', '[1]', 20101, /JSON without a token/],
  ['a whole answer in quotes', `'${JSON.stringify({ token: good })}'`, 20101, /quotes stand around it; it is a whole JSON answer/],
  ['quotes', `"${good}"`, 20101, /quotes stand around it/],
  ['Bearer', `Authorization: Bearer ${good}`, 20101, /Authorization:; it begins with Bearer/],
  ['a variable', `token=${good}`, 20101, /begins with token=/],
  ['line breaks', `${head}.${body.slice(0, 20)}\n${body.slice(20)}.${signature}`, 20101, /line breaks/],
  ['dots of a document', 'eyJhbGciOiJIUzI1NiJ9...', 20101, /shortened/],
  ['a SID', sid('SK'), 20101, /a SID/],
  ['a secret', secret, 20101, /a secret or an auth token/],
  ['Basic credentials', 'Basic c3VzYW46c2VjcmV0', 20101, /HTTP Basic/],
  ['an opaque string', 'ya29.a0AfH6SMBx', 20101, /opaque/],
  // Other vendors, other products
  ['LiveKit', token({ claims: { grants: video, video: { roomJoin: true, room: 'x' } } }), 20101, /LiveKit/],
  ['LiveKit without a room', token({ claims: { grants: video, video: {}, metadata: '' } }), 20101, /LiveKit/],
  ['Ably', token({ claims: { 'x-ably-capability': '{}' } }), 20101, /Ably/],
  ['Auth0', token({ header: { alg: 'RS256' }, claims: { grants: video, iss: 'https://x.auth0.com/' } }), 20101, /Auth0/],
  ['another provider', token({ header: { alg: 'ES256' }, claims: { grants: video } }), 20101, /OpenID/],
  ['Stream', token({ claims: { grants: video, user_id: 'susan' } }), 20101, /Stream/],
  ['Firebase', token({ claims: { iss: 'https://securetoken.google.com/x' } }), 20101, /Firebase/],
  ['Supabase', token({ claims: { role: 'anon' } }), 20101, /Supabase/],
  ['Zoom', token({ claims: { app_key: 'x', tpc: 'y' } }), 20101, /Zoom/],
  ['Vonage', token({ claims: { application_id: 'x' } }), 20101, /Vonage/],
  ['OpenTok', 'T1==cGFydG5lcl9pZD0x', 20101, /OpenTok/],
  ['Agora', `007eJxT${long(30)}`, 20101, /Agora/],
  ['a client capability token', token({ header: { cty: video }, claims: { scope: 'scope:client:incoming?clientName=susan' } }), 20101, /client capability/],
  ['a TaskRouter capability token', token({ claims: { version: 'v1', policies: [] } }), 20101, /TaskRouter capability/],
  ['an encrypted token', `${head}.a.b.c.d`, 20101, /encrypted/],
  // Form, header, signature
  ['no signature part', `${head}.${body}`, 20101, /this has 2/],
  ['a header that is none', `x.${body}.${signature}`, 20101, /first part is no header/],
  ['claims that are none', `${head}.${base64url('[1]')}.${signature}`, 20101, /second part holds no claims/],
  ['padding', `${head}=.${body}.${signature}`, 20101, /base64url without padding/],
  ['another algorithm', token({ header: { alg: 'HS512' } }), 20102, /alg is HS512/],
  ['another typ', token({ header: { typ: 'at+jwt' } }), 20102, /typ is at\+jwt/],
  ['no cty', token({ header: { cty: video } }), 20102, /cty is missing/],
  ['another cty', token({ header: { cty: 'twilio' } }), 20102, /cty is twilio/],
  ['an unknown region', token({ header: { twr: 'eu1' } }), 20101, /region eu1/],
  ['a key of another region', token({ header: { twr: 'ie1' }, grants: { ...voice } }), 20103, /twr says region ie1, and TWILIO_REGION us1/],
  ['a region that the token lacks', good, 20103, /twr says region us1, and TWILIO_REGION ie1/, { TWILIO_REGION: 'ie1' }],
  ['an empty signature', `${head}.${body}.`, 20107, /signature is missing/],
  ['a signature that is cut off', good.slice(0, -1), 20107, /43 characters/],
  ['another secret', token({ by: 'other' }), 20107, /not by the secret of this key/],
  ['a secret with a line break', token({ by: `${secret}\n` }), 20107, /line break at its end/],
  ['a secret with a blank', token({ by: ` ${secret}` }), 20107, /blank around it/],
  ['a secret in quotes', token({ by: `"${secret}"` }), 20107, /quotes around it/],
  ['a decoded secret', token({ by: Buffer.from(secret, 'base64') }), 20107, /decoded as base64/],
  ['a secret in small letters', token({ by: secret.toLowerCase() }), 20107, /small letters/],
  ['a secret in capitals', token({ by: secret.toUpperCase() }), 20107, /capital letters/],
  ['a SID for the secret', token({ by: sid('AC') }), 20107, /for which TWILIO_ACCOUNT_SID was taken/],
  ['this secret with another key', token({ claims: { iss: sid('SK', '2') } }), 20103, /iss does not name the key/],
  // Who and when
  ['swapped SIDs', token({ claims: { iss: sid('AC'), sub: sid('SK') } }), 20103, /swapped/],
  ['no iss', token({ claims: { iss: video } }), 20103, /iss is missing/],
  ['the account as iss', token({ claims: { iss: sid('AC') } }), 20103, /not by the account/],
  ['a key SID that is cut off', token({ claims: { iss: 'SK123' } }), 20103, /key SID that is not whole/],
  ['a name as iss', token({ claims: { iss: 'my-app' } }), 20103, /iss is my-app/],
  ['no sub', token({ claims: { sub: video } }), 20103, /sub is missing/],
  ['a key as sub', token({ claims: { sub: sid('SK') } }), 20103, /sub holds a key SID/],
  ['an account SID with a blank', token({ claims: { sub: `${sid('AC')} ` } }), 20103, /account SID that is not whole/],
  ['a user as sub', token({ claims: { sub: 'susan' } }), 20103, /sub is susan/],
  ['another account', token({ claims: { sub: sid('AC', '2') } }), 20103, /another account than TWILIO_ACCOUNT_SID/],
  ['no exp', token({ claims: { exp: video } }), 20104, /exp is missing/],
  ['exp as a string', token({ claims: { exp: String(now + 60) } }), 20104, /exp is "\d+"/],
  ['exp in milliseconds', token({ claims: { exp: now * 1000 } }), 20104, /exp counts milliseconds/],
  ['a negative ttl', token({ claims: { exp: now - 5 } }), 20104, /ttl is not above 0/],
  ['an ended token', token({ claims: { iat: now - 7200, exp: now - 3600 } }), 20104, /ended 60 minutes ago/],
  ['a token that ended a moment ago', token({ claims: { iat: now - 3600, exp: now - 30 } }), 20104, /ended 30 seconds ago/],
  ['a token that ended yesterday', token({ claims: { iat: now - 90000, exp: now - 86400 } }), 20104, /ended 24 hours ago/],
  ['ten days', token({ claims: { exp: now + 864000 } }), 20157, /864000 seconds/],
  ['iat as a string', token({ claims: { iat: 'now' } }), 20155, /iat is "now"/],
  ['iat in milliseconds', token({ claims: { iat: now * 1000 } }), 20105, /iat counts milliseconds/],
  ['a clock that is ahead', token({ claims: { iat: now + 600 } }), 20105, /10 minutes in the future/],
  ['nbf as a string', token({ claims: { nbf: 'now' } }), 20155, /nbf is "now"/],
  ['nbf in the future', token({ claims: { nbf: now + 600 } }), 20105, /nbf is in the future/],
  // Grants
  ['no grants', token({ claims: { grants: video } }), 20106, /grants is missing/],
  ['grants as a string', token({ claims: { grants: '{}' } }), 20106, /JSON twice/],
  ['grants as a list', token({ claims: { grants: [] } }), 20106, /grants is no object/],
  ['no product', token({ grants: { video } }), 20106, /no grant was added/],
  ['sync for data_sync', token({ grants: { sync: {} } }), 20106, /called sync; it is called data_sync/],
  ['the grant of a dead product', token({ grants: { rtc: {} } }), 20106, /called rtc; it is called video/],
  ['a grant that is no object', token({ grants: { video: true } }), 20106, /video must be an object/],
  ['no identity', token({ grants: { identity: video } }), 20106, /identity is missing/],
  ['a number as identity', token({ grants: { identity: 7 } }), 20106, /identity is no string/],
  ['an empty identity', token({ grants: { identity: '' } }), 20106, /identity is empty/],
  ['a mail address in Voice', token({ grants: { identity: 'a@b.c', ...voice } }), 31105, /letters, digits and _ only/],
  ['a control character', token({ grants: { identity: 'a\u0007' } }), 53202, /control characters/],
  ['a long identity in Voice', token({ grants: { identity: long(122), ...voice } }), 31105, /at most 121/],
  ['a long identity in Video', token({ grants: { identity: long(129) } }), 53201, /at most 128/],
  ['a long identity in Sync', token({ grants: { identity: long(257), video, data_sync: { service_sid: 'default' } } }), 51003, /at most 256/],
  ['a long identity in Chat', token({ grants: { identity: long(257), video, chat: { service_sid: sid('IS') } } }), 50207, /at most 256/],
  ['a room that is no string', token({ grants: { video: { room: 7 } } }), 53100, /no string/],
  ['a long room', token({ grants: { video: { room: long(129) } } }), 53101, /more than 128/],
  ['a Sync grant without a service', token({ grants: { data_sync: {} } }), 51007, /data_sync has no service_sid/],
  ['a Chat grant without a service', token({ grants: { chat: {} } }), 51007, /chat has no service_sid/],
  ['a messaging service in Sync', token({ grants: { data_sync: { service_sid: sid('MG') } } }), 51007, /data_sync.service_sid is MG/],
  ['default in Chat', token({ grants: { chat: { service_sid: 'default' } } }), 51007, /chat.service_sid is default/],
  ['a phone number as TwiML app', token({ grants: { ...voice, voice: { outgoing: { application_sid: '+1555' } } } }), 21218, /TwiML app/],
  ['large params', token({ grants: { ...voice, voice: { outgoing: { application_sid: sid('AP'), params: { a: long(900) } } } } }), 31103, /800 bytes/],
  ['a push credential that is none', token({ grants: { ...voice, voice: { incoming: { allow: true }, push_credential_sid: 'x' } } }), 20106, /push credential/],
  ['Video in Ireland', token({ header: { twr: 'ie1' } }), 20101, /video is not served in the region ie1, only in us1/, { TWILIO_REGION: 'ie1' }],
  ['Conversations in Australia', token({ header: { twr: 'au1' }, grants: { video, chat: { service_sid: sid('IS') } } }), 20101, /only in us1 and ie1/, { TWILIO_REGION: 'au1' }]
]

/** What Twilio may take, and is still not what was meant. */
const advised: Array<[what: string, given: string, code: number, says: RegExp]> = [
  ['a whole answer of the broker', JSON.stringify({ token: good, identity: 'susan' }), 20101, /whole JSON answer/],
  ['a ttl that was a string', token({ claims: { exp: now + 3 } }), 20104, /3 seconds only, as with a ttl/],
  ['a short ttl', token({ claims: { exp: now + 100 } }), 20104, /names 180 as the least/],
  ['no iat', token({ claims: { iat: video } }), 20155, /iat is missing/],
  ['no jti', token({ claims: { jti: video } }), 20101, /jti is missing/],
  ['nbf', token({ claims: { nbf: now - 1 } }), 20105, /leave it out/],
  ['an unknown grant', token({ grants: { constructor: {} } }), 20106, /no grant called constructor/],
  ['an empty room', token({ grants: { video: { room: '' } } }), 53104, /any room/],
  ['no direction', token({ grants: { video, voice: {} } }), 31002, /neither calls in nor calls out/],
  ['true as a string', token({ grants: { video, voice: { incoming: { allow: 'true' } } } }), 20106, /not exactly true/],
  ['another key', token({ claims: { iss: sid('SK', '2') }, by: 'other' }), 20103, /another key than TWILIO_API_KEY_SID/]
]

t.test(`the cause of each of ${refused.length} broken tokens is named, with Twilio's code`, async t => {
  for (const [what, given, code, says, env = {}] of refused) {
    const answer = await inspect(given, { ...settings, ...env })
    t.equal(answer.code, 1, what)
    t.match(JSON.parse(answer.out).findings.filter(({ refused }: { refused: boolean }) => refused), [{ code, says }], what)
    t.ok(code in codes, `${code} is explained`)
    t.notMatch(answer.out.replaceAll(JSON.stringify(given), ''), given === secret ? 'nothing' : secret, 'and the secret stays where it is')
  }
})

t.test('what Twilio takes and nobody means is advice', async t => {
  for (const [what, given, code, says] of advised) {
    const answer = await inspect(given)
    t.equal(answer.code, 0, what)
    t.ok(JSON.parse(answer.out).findings.some((found: { code: number, says: string }) => found.code === code && says.test(found.says)), what)
  }
})

t.test('without any one of the rules, what is said of some token changes', async t => {
  t.ok(refused.length >= 60)
  const configured = { accountSid: sid('AC'), keySid: sid('SK') }
  const cases = await Promise.all([...refused, ...advised].map(async ([, given]) => {
    const token = readToken(given)
    return { token, signature: await checkSignature(token, secret, { TWILIO_ACCOUNT_SID: sid('AC') }) }
  }))
  const said = () => JSON.stringify(cases.map(({ token, signature }) => findings(token, { signature, configured, now })))
  const all = said()
  for (const rule of [...envelope, ...claims, ...grants].flat()) {
    const { when } = rule
    rule.when = () => false
    t.not(said(), all, `${rule.code} ${rule.says}`)
    rule.when = when
  }
})

t.test('the tokens that the broker gives have nothing wrong', async t => {
  const { token } = createMint({ accountSid: sid('AC'), keySid: sid('SK'), keySecret: secret }).sign({
    identity: 'susan',
    ttl: 3600,
    grants: [{ key: 'data_sync', toPayload: () => ({ service_sid: 'default' }) }, { key: 'chat', toPayload: () => ({ service_sid: sid('IS') }) }]
  })
  t.match(JSON.parse((await inspect(token)).out), { accepted: true, signature: 'right', findings: { length: 0 } })
})

t.test('all of it runs in a browser: nothing of Node is imported', async t => {
  const folder = new URL('../../src/explain/', import.meta.url)
  for (const file of readdirSync(folder)) {
    for (const [, from] of readFileSync(new URL(file, folder), 'utf8').matchAll(/from '([^']+)'/g)) t.match(from, /^\.\/[\w-]+\.js$/, file)
  }
  t.same(findings(readToken(good), { signature: 'unchecked', configured: {}, now }), [])
})
