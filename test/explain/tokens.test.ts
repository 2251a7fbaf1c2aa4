import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { main } from '../../src/cli/main.js'
import { codes, codesIn } from '../../src/explain/codes.js'
import { findings } from '../../src/explain/findings.js'
import { readToken } from '../../src/explain/read-token.js'
import { claims } from '../../src/explain/rules-claims.js'
import { envelope } from '../../src/explain/rules-envelope.js'
import { grants } from '../../src/explain/rules-grants.js'
import { checkSignature } from '../../src/explain/signature.js'
import { clock, grantsInWords } from '../../src/explain/words.js'
import { createMint } from '../../src/mint.js'

const sid = (prefix: string, digit = '1') => prefix + digit.repeat(32)
const secret = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF'
const now = Math.floor(Date.now() / 1000)
// The tokens are made as the file loads, and looked at in the same second.
t.intercept(Date, 'now', { value: () => now * 1000 })
const settings = { TWILIO_ACCOUNT_SID: sid('AC'), TWILIO_API_KEY_SID: sid('SK'), TWILIO_API_KEY_SECRET: secret }

type Change = Record<string, unknown>
const right = {
  header: { alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' },
  claims: { jti: `${sid('SK')}-${now}`, iat: now, exp: now + 3600, iss: sid('SK'), sub: sid('AC') },
  grants: { identity: 'susan', video: { room: 'My Room' } }
}
const base64url = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token, right but for these changes; `undefined` takes a property away. */
function token ({ header = {}, claims = {}, grants = {}, by = secret }: { header?: Change, claims?: Change, grants?: Change, by?: string | Buffer } = {}): string {
  const signed = `${base64url({ ...right.header, ...header })}.${base64url({ grants: { ...right.grants, ...grants }, ...right.claims, ...claims })}`
  return `${signed}.${createHmac('sha256', by).update(signed).digest('base64url')}`
}
const good = token()
const [head, body, signature] = good.split('.') as [string, string, string]
const video = undefined
const voice = { video, voice: { incoming: { allow: true } } }
const long = (n: number) => 'x'.repeat(n)

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

async function inspect (given: string, env: Record<string, string> = settings, args: string[] = ['--json'], stdin = Readable.from([Buffer.from(given)])) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = await main(['inspect', ...args], { env, cwd: '/nonexistent', stdin, stdout, stderr })
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}

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

t.test('inspect says all of it in words', async t => {
  const { code, out } = await inspect('', settings, [token({ grants: { ...voice, video: { room: 'My Room' } }, header: { kid: '\u001b[31m' } })])
  t.equal(code, 0)
  for (const line of [
    /^header {5}alg HS256, typ JWT, cty twilio-fpa;v=1, kid \\u\{1b\}\[31m$/m,
    /^identity {3}susan$/m,
    /^grants {5}may enter the video room My Room\n {11}may take calls\n {11}may not call out$/m,
    /^issued {5}20\S+Z$/m,
    /^ends {7}20\S+Z, in 1:00:00$/m,
    /^signature {2}right, by the configured secret$/m,
    /^Nothing here makes Twilio refuse it/m
  ]) t.match(out, line)

  const broken = await inspect('', settings, [token({ by: `${secret}\n`, claims: { exp: 'soon', iat: now * 1e9 } })])
  t.equal(broken.code, 1)
  for (const line of [
    /^ends {7}soon$/m,
    /^issued {5}\d+$/m,
    /^signature {2}by the configured secret with a line break at its end$/m,
    /^Twilio would refuse it:$/m,
    /^ {2}refused {2}20107 \(Voice: 31202\) {2}it is signed/m,
    /^More: twilio-token-broker explain 20107 20104 20105$/m
  ]) t.match(broken.out, line)

  const none = await inspect('', {}, ['undefined'])
  t.match(none, { code: 1, out: /^Twilio would refuse it:\n {2}refused {2}20101 \(Voice: 31204\) {2}this is no Twilio access token but what JavaScript/ })
  t.match(await inspect('', {}, [good]), { code: 0, out: /not checked, as TWILIO_API_KEY_SECRET is not set/ })
  t.match(await inspect('', settings, [token({ claims: { iss: sid('SK', '3') }, by: 'x' })]), { code: 0, out: /signature {2}not by the configured[^]*advice {3}20107/ })
  t.match(await inspect('', settings, [token({ claims: { grants: video } })]), { code: 1, out: /identity {3}none\nissued/ })
  t.match(await inspect('', settings, [token({ grants: { data_sync: { service_sid: 'MG1' } } })]), { code: 1, out: /refused {2}51007 {2}data_sync/ })
  t.match(await inspect('', settings, [token({ grants: { data_sync: { service_sid: sid('IS') } } })]), { code: 0 })
  t.match(await inspect('', { TWILIO_API_KEY_SECRET: secret }, [token({ by: 'x' })]), { code: 0, out: /not by the configured/ })
})

t.test('colours are for a terminal, and NO_COLOR takes them away', async t => {
  const shown = async (env: Record<string, string>, isTTY: boolean) => {
    const stdout = Object.assign(new PassThrough(), { isTTY })
    await main(['inspect', good], { env, cwd: '/nonexistent', stdin: new PassThrough(), stdout, stderr: new PassThrough() })
    return String(stdout.read()).includes('\u001b[32m')
  }
  t.equal(await shown({}, true), true)
  t.equal(await shown({}, false), false)
  t.equal(await shown({ NO_COLOR: '1' }, true), false)
  t.equal(await shown({ TERM: 'dumb' }, true), false)
})

t.test('standard input that is no text, or without end, is 2', async t => {
  t.match(await inspect('', settings, [], Readable.from([Buffer.from([0xff])])), { code: 2, err: 'standard input is not UTF-8\n' })
  t.match(await inspect('', settings, [], Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(1024, 'x')))), { code: 2, err: /longer than 65536 bytes/ })
})

t.test('grants in words, and times as a clock shows them', async t => {
  t.same(grantsInWords({
    identity: 'x', video: {}, data_sync: { service_sid: 'default' }, chat: { service_sid: 'IS' }, player: {}, other: { a: 1 }, toString: 1, task_router: { workspace_sid: 'WS', worker_sid: 'WK', role: 'worker' }, voice: { outgoing: { application_sid: 'AP', params: { To: 'x' } } }
  }), [
    'may enter any video room', 'may use the Sync service default', 'may use the Conversations or Chat service IS', 'may play a live stream',
    'holds a grant called other: {"a":1}', 'holds a grant called toString: 1', 'may be worker WK in the TaskRouter workspace WS',
    'may not take calls', 'may call through the TwiML app AP with {"To":"x"}'
  ])
  t.same(grantsInWords({ voice: { outgoing: { application_sid: long(300) } } })[1]!.length, 'may call through the TwiML app '.length + 201)
  t.same([3582, 86399, 5].map(clock), ['59:42', '23:59:59', '0:05'])
})

t.test('a signature is checked whatever stands in its place', async t => {
  t.equal(await checkSignature(readToken(`${head}.${body}.!`), secret), 'wrong')
  t.equal(await checkSignature(readToken(good), '€'), 'wrong')
  t.equal(await checkSignature(readToken('a.b'), secret), 'wrong')
  t.same(await checkSignature(readToken(token({ by: 'x' })), secret, { empty: '' }), 'wrong')
})

t.test('explain tells cause and cure of each code', async t => {
  const explain = async (...args: string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const code = await main(['explain', ...args], { env: {}, cwd: '/', stdin: new PassThrough(), stdout, stderr })
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
  }
  for (const code of Object.keys(codes)) {
    t.match(await explain(code), { code: 0, out: new RegExp(`^${code}  \\S[^]*\ncauses   - \\S[^]*\nlook     \\S[^]*\nfix      \\S`), err: '' }, code)
  }
  t.match(await explain('20107'), { out: /note {5}Voice tells the same as 31202, which its SDK shows as 53000\./ })
  t.match(await explain('31202'), { out: /note {5}The Voice SDK shows it as 53000, unless its Device is made with enableImproved/ })
  t.match(await explain('31204'), { out: /note {5}The Voice SDK shows it as 20101\.\n/ })
  t.match(await explain('ConnectionError', '(53000)'), { code: 0, out: /31202 \(wrong signature\)/ })
  t.match(await explain('20101', '99999'), { code: 1, out: /^20101/, err: /^99999 is not among/ })
  t.match(await explain('none'), { code: 2, err: /five digits/ })
  t.match(await explain(), { code: 0, out: /^20003 {2}.*\n20101 {2}/ })
  t.same(JSON.parse((await explain('--json')).out), codes)
  t.match(JSON.parse((await explain('20104', '12345', '--json')).out), [{ code: 20104, known: true, causes: [String] }, { code: 12345, known: false }])
  for (const { voice = 31202, shown = 53000 } of Object.values(codes)) t.ok(codes[codes[voice]!.shown!] && codes[shown], 'what a code points to is explained')
  t.equal(codesIn('a 120101 b').length, 0)
})

t.test('all of it runs in a browser: nothing of Node is imported', async t => {
  const folder = new URL('../../src/explain/', import.meta.url)
  for (const file of readdirSync(folder)) {
    for (const [, from] of readFileSync(new URL(file, folder), 'utf8').matchAll(/from '([^']+)'/g)) t.match(from, /^\.\/[\w-]+\.js$/, file)
  }
  t.same(findings(readToken(good), { signature: 'unchecked', configured: {}, now }), [])
})
