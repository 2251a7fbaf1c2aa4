import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { main } from '../../src/cli/main.js'
import { inspect } from '../helpers/inspect.js'
import { base64url, good, now, sameSecond, secret, settings, sid, token, video, voice } from '../helpers/made-token.js'

sameSecond(t)

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
    /^No reason found for Twilio to refuse it/m
  ]) t.match(out, line)

  const broken = await inspect('', settings, [token({ by: `${secret}\n`, claims: { exp: 'soon', iat: now * 1e9 } })])
  t.equal(broken.code, 1)
  for (const line of [
    /^ends {7}soon$/m,
    /^issued {5}\d+ \(nanoseconds\)$/m,
    /^signature {2}by the configured secret with a line break at its end$/m,
    /^Twilio would refuse it:$/m,
    /^ {2}refused {2}20107 \(Voice: 31202\) {2}it is signed/m,
    /^More: npx twilio-token-broker explain 20107 20104 20105$/m
  ]) t.match(broken.out, line)

  t.match(await inspect('', settings, [token({ claims: { iat: undefined, nbf: now, exp: now * 1000 } })]), { code: 1, out: /^issued {5}none\nstarts {5}20\S+Z\nends {7}\d{13} \(milliseconds\)$/m })

  t.match(await inspect('', settings, [token({ grants: { video: { roomName: 'My Room' } } })]), { code: 1, out: /^Twilio would refuse it, or give its holder something else than was meant:\n {2}wrong {4}20106 \(Voice: 31204\) {2}Twilio reads no video\.roomName/m })
  t.match(await inspect('', settings, [token({ by: 'x', grants: { Video: {} } })]), { code: 1, out: /^Twilio would refuse it:\n {2}refused {2}20107 .*\n {11}what to do: Set TWILIO_API_KEY_SID .*\n {2}wrong {4}20106 .*\n {11}what to do: Leave the grant Video out\.\n/m })
  t.match(await inspect('', settings, [token({ claims: { exp: 3600, iss: undefined, jti: undefined } })]), { out: /iss is missing.*\n {11}what to do: Write the SID of the API key \(SK…\) as iss\.\n {2}advice.*\n {2}refused {2}20104 .*\n {11}what to do: Write exp = iat \+ ttl, in seconds since 1970\.\nMore:/ })

  const none = await inspect('', {}, ['undefined'])
  t.match(none, { code: 1, out: /^Twilio would refuse it:\n {2}refused {2}20101 \(Voice: 31204\) {2}this is not a Twilio access token but what JavaScript/ })
  t.match(await inspect('', {}, [good]), { code: 0, out: /not checked: TWILIO_API_KEY_SECRET is missing or wrong/ })
  t.match(await inspect('', settings, [token({ claims: { iss: sid('SK', '3') }, by: 'x' })]), { code: 0, out: /signature {2}not by the configured[^]*advice {3}20107/ })
  t.match(await inspect('', settings, [token({ claims: { grants: video } })]), { code: 1, out: /identity {3}none\nissued/ })
  t.match(await inspect('', settings, [token({ grants: { data_sync: { service_sid: 'MG1' } } })]), { code: 1, out: /refused {2}51007 {2}data_sync/ })
  t.match(await inspect('', settings, [token({ grants: { data_sync: { service_sid: sid('IS') } } })]), { code: 0 })
  t.match(await inspect('', { TWILIO_API_KEY_SECRET: secret }, [token({ by: 'x' })]), { code: 0, out: /not by the configured/ })
})

t.test('a token of an identity provider is shown with the settings by which the broker would take it', async t => {
  const made = (claims: object) => `${base64url({ alg: 'RS256' })}.${base64url({ iss: 'https://idp.example/', aud: 'broker', sub: 'a', iat: now, exp: now + 60, ...claims })}.AAAA`
  t.match(await inspect('', settings, [made({})]), { code: 1, out: /With these settings, this broker accepts it as a bearer token if the provider signed it:\n {2}JWT_ISSUER=https:\/\/idp\.example\/\n {2}JWT_AUDIENCE=broker\n$/ })
  t.match(await inspect('', settings, [made({ aud: undefined })]), { out: /This broker would refuse it as a bearer token:\n {2}it has no aud, [^\n]*\nOtherwise its settings would be:\n {2}JWT_ISSUER=/ })
  t.has(JSON.parse((await inspect('', settings, ['--json', made({})])).out), { bearer: { settings: { JWT_AUDIENCE: 'broker' }, obstacles: { length: 0 } } })
  t.equal(JSON.parse((await inspect('', settings, ['--json', good])).out).bearer, undefined)
})

t.test('JSON of a token that anybody may have written holds nothing that a terminal takes for a command', async t => {
  const room = 'a\u009b31m\u202eb\u2028c'
  const { out } = await inspect('', settings, ['--json', token({ grants: { video: { room } } })])
  t.match(out, /^[^\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]+$/u)
  t.equal(JSON.parse(out).claims.grants.video.room, room, 'programs read what the token says')
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
  t.has(await inspect('', settings, [], Readable.from([Buffer.from([0xff])])), { code: 2, err: 'standard input is not UTF-8\n' })
  t.match(await inspect('', settings, [], Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(1024, 'x')))), { code: 2, err: /longer than 65536 bytes/ })
})
