import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { codes } from '../../../src/diagnose/token/codes.js'
import { findings, verdictOf, type Finding } from '../../../src/diagnose/token/findings.js'
import { readToken } from '../../../src/diagnose/token/read-token.js'
import { claims } from '../../../src/diagnose/token/rules-claims.js'
import { envelope } from '../../../src/diagnose/token/rules-envelope.js'
import { grants } from '../../../src/diagnose/token/rules-grants.js'
import { inGrants } from '../../../src/diagnose/token/rules-products.js'
import { time } from '../../../src/diagnose/token/rules-times.js'
import { checkSignature } from '../../../src/diagnose/token/signature.js'
import { createMint } from '../../../src/tokens/mint.js'
import { inspect } from '../../helpers/inspect.js'
import { good, now, sameSecond, secret, settings, sid, token as made } from '../../helpers/made-token.js'
import { claims as who } from './broken/claims.js'
import { envelope as envelopes } from './broken/envelope.js'
import { grants as allowed } from './broken/grants.js'
import { pasted } from './broken/pasted.js'
import { times } from './broken/times.js'
import { root } from '../../helpers/root.js'

sameSecond(t)

const broken = [...pasted, ...envelopes, ...who, ...times, ...allowed]

t.test(`the cause of each of ${broken.length} broken tokens is named once, with Twilio's code`, async t => {
  for (const { what, given, code, says, advice = false, others = [], env = {} } of broken) {
    const answer = await inspect(given, { ...settings, ...env })
    const { findings } = JSON.parse(answer.out) as { findings: Finding[] }
    t.equal(answer.code, advice ? 0 : 1, what)
    t.match(findings.filter(found => says.test(found.says)), { length: 1, 0: { code, refused: !advice } }, `${what}: ${answer.out}`)
    t.same(findings.filter(found => !says.test(found.says)).map(({ code }) => code), others, `${what}, and nothing else: ${answer.out}`)
    t.ok(code in codes, `${code} is explained`)
    t.notMatch(answer.out.replaceAll(JSON.stringify(given), ''), given.includes(secret) ? 'nothing' : secret, 'and the secret stays where it is')
  }
})

t.test('without any one of the rules, what is said of some token changes', async t => {
  const configured = { accountSid: sid('AC'), keySid: sid('SK') }
  const cases = await Promise.all(broken.map(async ({ given }) => {
    const token = readToken(given)
    return { token, signature: await checkSignature(token, secret, { TWILIO_ACCOUNT_SID: sid('AC') }) }
  }))
  const said = () => JSON.stringify(cases.map(({ token, signature }) => findings(token, { signature, configured, now })))
  const all = said()
  for (const rule of [...envelope, ...claims, ...time, ...grants, ...inGrants].flat()) {
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
  t.has(JSON.parse((await inspect(token)).out), { accepted: true, signature: 'right', findings: { length: 0 } })
})

t.test('whatever Twilio\'s libraries write is right', async t => {
  const grants = {
    video: {},
    voice: { incoming: { allow: true }, outgoing: { application_sid: sid('AP'), params: { incomingAllow: 'x' } }, push_credential_sid: sid('CR'), endpoint_id: 'x' },
    chat: { service_sid: sid('IS'), endpoint_id: 'x', deployment_role_sid: sid('RL'), push_credential_sid: sid('CR') },
    data_sync: { service_sid: sid('IS'), endpoint_id: 'x' },
    task_router: { workspace_sid: sid('WS'), worker_sid: sid('WK'), role: 'worker' },
    player: { requestCredentials: null, playbackUrl: 'https://example.com/', playerStreamerSid: sid('VJ') }
  }
  t.match(JSON.parse((await inspect(made({ grants }))).out), { accepted: true, findings: { length: 0 } })
})

t.test('all of it runs in a browser: nothing of Node is imported', async t => {
  const folder = join(root, 'src/diagnose/token')
  const shared = ['bearer-limits', 'is-record', 'twilio-limits'].map(name => `../../lib/${name}.js`)
  for (const file of [...readdirSync(folder), ...shared.map(file => file.replace('.js', '.ts'))]) {
    for (const [, from] of readFileSync(join(folder, file), 'utf8').matchAll(/from '([^']+)'/g)) t.ok(shared.includes(from!) || /^(\.\/[\w-]+\.js|fastest-levenshtein)$/.test(from!), `${file}: ${from}`)
  }
  t.same(findings(readToken(good), { signature: 'unchecked', configured: {}, now }), [])
})

t.test('the verdict is that of all findings together', async t => {
  const finding = (more: Partial<Finding>) => ({ refused: true, ...more }) as Finding
  t.equal(verdictOf([finding({ refused: false })]), undefined)
  t.match(verdictOf([finding({ misread: true })]), /something else than was meant/)
  t.equal(verdictOf([finding({ misread: true }), finding({})]), 'Twilio would refuse it')
})
