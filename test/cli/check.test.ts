import { chmodSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkCommand } from '../../src/cli/check/command.js'
import { complete, secrets } from '../helpers/broker.js'
import { inProcess } from '../helpers/in-process.js'
import { twilioRest, type RestAnswer } from '../fakes/rest-api.js'

// A hash of a usual cost, since a cheap one is a warning.
const users = 'susan:$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa\n'
const settings = { ...complete, AUDIT_LOG: 'stdout', TWILIO_PUSH_CREDENTIAL_SID: `CR${'1'.repeat(32)}`, POLICY_FILE: 'policy.yaml' }
const files = { 'users.htpasswd': users, 'policy.yaml': 'rules: [{ who: [susan], allow: { video: {} } }]\n' }
const rest = await twilioRest()
t.teardown(() => rest.close())

async function check (cwd: string, env: Record<string, string>, ...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let code: number | undefined
  await checkCommand({ env, cwd, stdin: new PassThrough(), stdout, stderr }, exitCode => { code = exitCode }, rest.network).parseAsync(args, { from: 'user' })
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}

const folder = (t: Test, more: Record<string, string> = {}) => {
  const dir = t.testdir({ ...files, ...more })
  for (const name of Object.keys({ ...files, ...more })) chmodSync(join(dir, name), 0o600)
  return dir
}

t.test('settings and files that are right are said to be so', async t => {
  const cwd = folder(t)
  const { code, out, err } = await check(cwd, settings)
  t.has({ code, err }, { code: 0, err: '' })
  t.match(out, /^settings and files are right; enabled: chat, conversations, sync, video, voice\nsessions are signed by key [0-9a-f]{8}\n$/)
  t.same(JSON.parse((await check(cwd, settings, '--json')).out), { right: true, products: ['chat', 'conversations', 'sync', 'video', 'voice'], mistakes: [], warnings: [], diagnostics: [], sessionKeyId: out.slice(-9, -1) })
  t.match(await check(cwd, { ...settings, AUDIT_LOG: 'audit.log' }), { code: 0 })
  t.match(await check(cwd, { ...settings, AUDIT_LOG: 'users.htpasswd' }), { code: 0 }, 'a file that is there')
  t.equal(rest.asked.length, 0, 'and nobody is asked')
})

t.test('the keys of sessions are named where there are sessions', async t => {
  const cwd = folder(t)
  t.match((await check(cwd, { ...settings, SESSION_SECRET: `${'a'.repeat(32)} ${'b'.repeat(32)}` })).out, /\nsessions are signed by key [0-9a-f]{8}, and accepted by [0-9a-f]{8} too\n$/)
  const off = { ...settings, SESSION_TTL: '0' }
  t.notMatch((await check(cwd, off)).out, /sessions/)
  t.notMatch((await check(cwd, off, '--json')).out, /sessionKeyId/)
})

t.test('every mistake of settings and files is told, with 78', async t => {
  const cwd = folder(t, { 'policy.yaml': 'rules: []\n', 'users.htpasswd': 'broken\n' })
  const { code, out, err } = await check(cwd, { ...settings, PORT: 'x', TWILIO_API_KEY_SECRET: secrets.accountSid, AUDIT_LOG: 'no/such/folder' }, '--online')
  t.has({ code, out }, { code: 78, out: '' })
  for (const mistake of [/^PORT must be/m, /^TWILIO_API_KEY_SECRET is a placeholder/m, /^policy\.yaml:1:8 /m, /^users\.htpasswd:1 /m, /^AUDIT_LOG names a file/m]) t.match(err, mistake)
  t.notMatch(err, secrets.accountSid)
  for (const AUDIT_LOG of ['.', 'users.htpasswd/audit.log']) t.match((await check(cwd, { ...settings, AUDIT_LOG })).err, /^AUDIT_LOG names a file/m, AUDIT_LOG)
  t.equal(rest.asked.length, 0, 'with mistakes there is nothing to ask about')
  t.match(JSON.parse((await check(cwd, settings, '--json')).out), { right: false, mistakes: { length: 2 } })
})

t.test('as JSON, each mistake and warning is data as well', async t => {
  const cwd = folder(t, { 'policy.yaml': 'rules: []\n', 'users.htpasswd': 'broken\n', '.env': 'PORT\n', 'api-key': 'x' })
  const env = { TWILIO_ACCOUNT_SID: secrets.accountSid, TWILIO_API_KEY: secrets.keySid, POLICY_FILE: 'policy.yaml', TOKEN_TTL: '1', TLS_CERT_FILE: 'none', AUDIT_LOG: 'no/such/folder', LOGIN_FAILURES_MIN: '3' }
  const { mistakes, warnings, diagnostics } = JSON.parse((await check(cwd, env, '--json')).out) as { mistakes: string[], warnings: string[], diagnostics: Array<{ level: string, message: string }> }
  const said = (level: string) => diagnostics.filter(diagnostic => diagnostic.level === level).map(({ message }) => message)
  t.ok(mistakes.every((text, i) => text.endsWith(said('mistake')[i]!)), 'in the same order')
  t.ok(warnings.every((text, i) => text.endsWith(said('warning')[i]!)))
  for (const expected of [
    { level: 'mistake', subject: '.env', code: 'syntax', position: { line: 1 } },
    { level: 'mistake', subject: 'TOKEN_TTL', code: 'invalid', message: /^TOKEN_TTL must be/ },
    { level: 'mistake', subject: 'TWILIO_API_KEY_SID', code: 'missing' },
    { level: 'mistake', subject: 'policy.yaml', code: 'invalid', position: { line: 1, column: 8 } },
    { level: 'mistake', subject: 'users.htpasswd', code: 'syntax', position: { line: 1 } },
    { level: 'mistake', subject: 'AUDIT_LOG', code: 'unreadable' },
    { level: 'warning', subject: 'LOGIN_FAILURES_MIN', code: 'unknown' }
  ]) t.match(diagnostics.find(({ level, subject }: { level: string, subject?: string }) => level === expected.level && subject === expected.subject), expected, expected.subject)

  chmodSync(join(cwd, 'users.htpasswd'), 0o666)
  t.match(JSON.parse((await check(cwd, { ...settings, POLICY_FILE: '' }, '--json')).out).diagnostics, [
    { level: 'mistake', subject: '.env', code: 'syntax' },
    { level: 'warning', subject: 'POLICY_FILE', code: 'insecure' },
    { level: 'mistake', subject: 'users.htpasswd', code: 'insecure', message: /^everyone may write users\.htpasswd/ }
  ])
})

t.test('warnings do not stop a start', async t => {
  const cwd = folder(t)
  chmodSync(join(cwd, 'users.htpasswd'), 0o644)
  t.match(await check(cwd, { ...settings, POLICY_FILE: '' }), { code: 0, err: /^POLICY_FILE is not set: .* \(a warning\)\neveryone may read users\.htpasswd.* \(a warning\)\n$/ })
})

t.test('a certificate has to fit its key', { skip: spawnSync('openssl', ['version']).error && 'openssl is not installed' }, async t => {
  const cwd = folder(t)
  const make = (name: string) => spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-keyout', `${name}.key`, '-out', `${name}.crt`], { cwd })
  make('one')
  make('two')
  const says = /TLS_KEY_FILE does not hold the key|TLS_CERT_FILE names a file that cannot be read/
  t.match((await check(cwd, { ...settings, TLS_CERT_FILE: 'one.crt', TLS_KEY_FILE: 'two.key' })).err, says)
  t.match((await check(cwd, { ...settings, TLS_CERT_FILE: 'none.crt', TLS_KEY_FILE: 'two.key' })).err, says)
  t.notMatch((await check(cwd, { ...settings, TLS_CERT_FILE: 'one.crt', TLS_KEY_FILE: 'one.key' })).err, says)
})

const account = `/2010-04-01/Accounts/${secrets.accountSid}`
const apps = `api.twilio.com${account}/Applications.json`
const dublinApps = `api.dublin.ie1.twilio.com${account}/Applications.json`
const syncs = 'sync.twilio.com/v1/Services'
const ok: RestAnswer = { status: 200 }
const no: RestAnswer = { status: 401, code: 20003 }
const notAuthorised: RestAnswer = { status: 403, code: 70051 }
const all: Record<string, RestAnswer> = {
  [apps]: ok,
  [syncs]: ok,
  'sync.twilio.com/v1/Services/default': ok,
  [`api.twilio.com${account}/Applications/${secrets.twimlAppSid}.json`]: ok,
  [`notify.twilio.com/v1/Credentials/${settings.TWILIO_PUSH_CREDENTIAL_SID}`]: ok,
  [`conversations.twilio.com/v1/Services/${secrets.conversationsServiceSid}`]: ok,
  [`chat.twilio.com/v2/Services/${secrets.chatServiceSid}`]: ok
}
const unreachable = 'Twilio could not be reached; check the network, or try again'

/** What differs from an account where all is right, and what is said of it. */
interface Row {
  name: string
  answers?: Record<string, RestAnswer>
  code: number
  out: RegExp
  /** Seconds by which Twilio's clock is ahead; null is a Twilio that does not say. */
  ahead?: number | null
  env?: Record<string, string>
}

const rows: Row[] = [
  {
    name: 'all is right',
    code: 0,
    out: /^yes {6}TWILIO_API_KEY_SID: key and secret are good\nyes {6}TWILIO_ACCOUNT_SID: is the key's account\nyes {6}key type: .*not Restricted\n(yes .*\n){5}yes {6}clock: agrees/m
  },
  {
    name: 'a wrong secret',
    answers: { [apps]: no, [syncs]: no },
    code: 1,
    out: /^no {7}TWILIO_API_KEY_SID: Twilio refuses key and secret \(20003\)/m
  },
  { name: 'a key of another account', answers: { [apps]: no }, code: 1, out: /^no {7}TWILIO_ACCOUNT_SID: is not the account of this key/m },
  {
    name: 'an account that is not found',
    answers: { [apps]: { status: 404, code: 20404 } },
    code: 1,
    out: /^no {7}TWILIO_ACCOUNT_SID: is not/m
  },
  {
    name: 'a Restricted key',
    answers: { [syncs]: notAuthorised },
    code: 1,
    out: /^yes {6}TWILIO_API_KEY_SID.*\nno {7}key type: the key is Restricted/m
  },
  {
    name: 'a Restricted key that may do nothing',
    answers: { [apps]: notAuthorised, [syncs]: notAuthorised },
    code: 1,
    out: /it is Restricted, or the account is suspended/
  },
  {
    name: 'the same in other words',
    answers: { [apps]: no, [syncs]: notAuthorised },
    code: 1,
    out: /it is Restricted, or the account is suspended/
  },
  {
    name: 'a key of another region',
    answers: { [apps]: no, [syncs]: no, [dublinApps]: ok },
    code: 1,
    out: /^no {7}TWILIO_REGION: the key is one of ie1, not of us1/m
  },
  {
    name: 'another region, without an answer from one',
    answers: { [apps]: no, [syncs]: no, [dublinApps]: 'hang up', [`api.sydney.au1.twilio.com${account}/Applications.json`]: ok },
    code: 1,
    out: /the key is one of au1/
  },
  {
    name: 'a region of one\'s own',
    answers: { [apps]: no, [dublinApps]: ok, 'sync.dublin.ie1.twilio.com/v1/Services': ok, 'sync.dublin.ie1.twilio.com/v1/Services/default': ok },
    code: 0,
    out: /key and secret are good/,
    env: { TWILIO_REGION: 'ie1', PRODUCTS: 'sync' }
  },
  {
    name: 'a TwiML app of another account',
    answers: { [`api.twilio.com${account}/Applications/${secrets.twimlAppSid}.json`]: { status: 404, code: 20404 } },
    code: 1,
    out: /^no {7}TWILIO_TWIML_APP_SID: this account has no such TwiML app in this region$/m
  },
  {
    name: 'a service that does not exist',
    answers: { [`chat.twilio.com/v2/Services/${secrets.chatServiceSid}`]: { status: 404 } },
    code: 1,
    out: /^no {7}TWILIO_CHAT_SERVICE_SID: /m
  },
  {
    name: 'a service that fails',
    answers: { [`chat.twilio.com/v2/Services/${secrets.chatServiceSid}`]: { status: 500, body: '<html>' } },
    code: 69,
    out: /^unknown {2}TWILIO_CHAT_SERVICE_SID: Twilio answered 500; try again$/m
  },
  {
    name: 'a service that is throttled',
    answers: { 'sync.twilio.com/v1/Services/default': { status: 429, code: 20429 } },
    code: 69,
    out: /^unknown {2}TWILIO_SYNC_SERVICE_SID: Twilio answered 429 \(20429\)/m
  },
  {
    name: 'a service that hangs up',
    answers: { 'sync.twilio.com/v1/Services/default': 'hang up' },
    code: 69,
    out: new RegExp(`^unknown  TWILIO_SYNC_SERVICE_SID: ${unreachable}$`, 'm')
  },
  {
    name: 'no network',
    answers: { [apps]: 'hang up', [syncs]: 'hang up' },
    code: 69,
    out: new RegExp(`^unknown  TWILIO_API_KEY_SID: ${unreachable}\nunknown  clock: Twilio did not say`, 'm')
  },
  {
    name: 'half a network',
    answers: { [apps]: 'hang up' },
    code: 69,
    out: new RegExp(`^unknown  TWILIO_API_KEY_SID: ${unreachable}\nyes      clock`, 'm')
  },
  {
    name: 'the other half',
    answers: { [syncs]: 'hang up' },
    code: 69,
    out: new RegExp(`^unknown  TWILIO_API_KEY_SID: ${unreachable}`, 'm')
  },
  {
    name: 'a refusal and an outage',
    answers: { [apps]: no, [syncs]: { status: 503 } },
    code: 69,
    out: /^unknown {2}TWILIO_API_KEY_SID: Twilio answered 503/m
  },
  {
    name: 'a clock that is behind',
    code: 1,
    out: /^no {7}clock: is 1\d\d seconds behind Twilio's; tokens expire too early \(20104\)/m,
    ahead: 120
  },
  {
    name: 'a clock that is ahead',
    code: 1,
    out: /^no {7}clock: is 1\d\d seconds ahead of Twilio's; tokens are refused as not yet valid/m,
    ahead: -120
  },
  { name: 'no time', code: 69, out: /^unknown {2}clock: /m, ahead: null }
]

t.test('--online says what Twilio says', async t => {
  const cwd = folder(t)
  for (const { name, answers, code, out, ahead = 0, env } of rows) {
    Object.assign(rest, { answers: { ...all, ...answers }, ahead, asked: [] })
    const answer = await check(cwd, { ...settings, ...env }, '--online')
    t.equal(answer.code, code, name)
    t.match(answer.out, out, name)
    t.notMatch(answer.out + answer.err, secrets.keySecret)
    t.ok(rest.asked.every(({ authorization }) => authorization === `Basic ${Buffer.from(`${secrets.keySid}:${secrets.keySecret}`).toString('base64')}`))
  }
  Object.assign(rest, { answers: all, ahead: 0 })
  t.has(JSON.parse((await check(cwd, settings, '--online', '--json')).out), { right: true, online: [{ about: 'TWILIO_API_KEY_SID', answer: 'yes' }] })
})

t.test('an API that never answers is given up', async t => {
  t.intercept(AbortSignal, 'timeout', { value: (ms: number) => { t.equal(ms, 10_000); return AbortSignal.abort() } })
  rest.answers = { [apps]: 'stall', [syncs]: 'stall' }
  t.match(await check(folder(t), settings, '--online'), { code: 69, out: new RegExp(unreachable) })
})

t.test('the program has the command', async t => {
  t.match(await inProcess(['check'], { env: settings, cwd: folder(t) }), { code: 0 })
})
