import { PassThrough } from 'node:stream'
import { CommanderError } from 'commander'
import { test } from 'tap'
import { Failure } from '../../src/cli/io.js'
import { policyCommand } from '../../src/cli/policy/command.js'
import { runProgram } from '../../src/cli/program.js'
import { defineProduct, Type } from '../../src/product.js'
import { loadedProduct } from '../../src/products/define.js'
import { builtIn } from '../../src/products/load.js'
import { complete } from '../helpers/broker.js'
import { example } from '../policy/example.js'

const known = [...(await builtIn()).values()]
const broken = loadedProduct(defineProduct({
  name: 'broken',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => { throw new TypeError('a fault of the plugin') }
}))
const enabled = [...known.slice(1), broken].map(product => ({
  product,
  settings: { TWILIO_TWIML_APP_SID: `AP${'0'.repeat(32)}`, TWILIO_SYNC_SERVICE_SID: 'default' }
}))

/** Runs a command line in a folder of these files. */
async function run (cwd: string, file: string | undefined, line: string[], remoteStore = false) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let code: number | undefined
  const context = async () => ({ file, enabled, known, remoteStore, ttl: { default: 3600, max: 3600 } })
  try {
    await policyCommand({ env: {}, cwd, stdin, stdout, stderr }, context, exitCode => { code = exitCode }).parseAsync(line, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    code = error.exitCode
  }
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}

const files = {
  'policy.yaml': example,
  'bad.yaml': 'rules: []\nrule: 1\n',
  'audit.yaml': 'mode: audit\nrules: [{ who: [susan], allow: { chat: {}, broken: {} } }]\n'
}

test('check: a right file is right', async t => {
  const cwd = t.testdir(files)
  t.same(await run(cwd, 'policy.yaml', ['check']), { code: 0, out: 'policy.yaml is right\n', err: '' })
  t.same(await run(cwd, 'policy.yaml', ['check', '--json']), {
    code: 0, out: '{"file":"policy.yaml","right":true,"mistakes":[],"warnings":[],"diagnostics":[]}\n', err: ''
  })
})

test('check: every mistake is told, and the answer is no', async t => {
  const cwd = t.testdir(files)
  const { code, out, err } = await run(cwd, 'bad.yaml', ['check'])
  t.equal(code, 1)
  t.equal(out, '')
  t.match(err, /^bad\.yaml:1:8 rules must not be empty.*\nbad\.yaml:2:1 rule is not a property of the policy; did you mean rules\?\n$/)
  t.match(JSON.parse((await run(cwd, 'bad.yaml', ['check', '--json'])).out), {
    right: false,
    mistakes: { length: 2 },
    diagnostics: [
      { level: 'mistake', subject: 'bad.yaml', code: 'invalid', message: /^rules must not be empty/, position: { line: 1, column: 8 } },
      { level: 'mistake', subject: 'bad.yaml', code: 'unknown', message: /^rule is not a property/, position: { line: 2, column: 1 } }
    ]
  })
})

test('check: warnings are told, and the answer is yes', async t => {
  const { code, out, err } = await run(t.testdir(files), 'audit.yaml', ['check'])
  t.equal(code, 0)
  t.equal(out, 'audit.yaml is right\n')
  t.equal(err, 'audit.yaml:1:7 nothing is refused by this policy yet: mode is audit (a warning)\n' +
    'audit.yaml:2:34 chat is not enabled, so this has no effect (a warning)\n')
})

test('check: without POLICY_FILE there is nothing to check', async t => {
  const { code, err } = await run(t.testdir(files), undefined, ['check'])
  t.equal(code, 78)
  t.match(err, /^POLICY_FILE is not set/)
})

interface Explanation {
  name: string
  file?: string
  args: string[]
  code: number
  lines: Array<string | RegExp>
}

const explanations: Explanation[] = [
  {
    name: 'what is allowed',
    file: 'policy.yaml',
    args: ['susan', 'video', '--room', 'support-1', '--ttl', '600'],
    code: 0,
    lines: [
      'rule      policy.yaml:4:5, rule 1',
      'answer    yes',
      'identity  susan',
      'ttl       600 seconds',
      'grant     {"video":{"room":"support-1"}}'
    ]
  },
  {
    name: 'what is refused',
    file: 'policy.yaml',
    args: ['susan', 'video', '--room', 'attic'],
    code: 1,
    lines: ['rule      policy.yaml:4:5, rule 1', 'answer    no: 403 not-allowed', '          room: the policy does not allow this one']
  },
  {
    name: 'what makes no sense',
    file: 'policy.yaml',
    args: ['susan', 'voice', '--no-incoming', '--no-outgoing', '--room', 'x'],
    code: 1,
    lines: [
      'rule      policy.yaml:4:5, rule 1',
      'answer    no: 400 request-invalid',
      '          the request: has an unknown property; known are push, ttl, params, incoming, outgoing, identity'
    ]
  },
  {
    name: 'one direction',
    file: 'policy.yaml',
    args: ['susan', 'voice', '--incoming', '--no-outgoing'],
    code: 0,
    lines: [
      'rule      policy.yaml:4:5, rule 1',
      'answer    yes',
      'identity  susan',
      'ttl       3600 seconds',
      'grant     {"voice":{"incoming":{"allow":true}}}'
    ]
  },
  {
    name: 'an identity',
    file: 'policy.yaml',
    args: ['backend', 'video', '--identity', 'guest-1'],
    code: 0,
    lines: ['rule      policy.yaml:10:5, rule 2', 'answer    yes', 'identity  guest-1', 'ttl       3600 seconds', 'grant     {"video":{}}']
  },
  {
    name: 'a caller without a rule',
    file: 'audit.yaml',
    args: ['juan', 'sync'],
    code: 0,
    lines: [
      'rule      none is for this caller',
      'answer    yes, but without mode: audit no: No rule of the policy matches this name or its groups.',
      'identity  juan',
      'ttl       3600 seconds',
      'grant     {"data_sync":{"service_sid":"default"}}'
    ]
  },
  {
    name: 'no policy',
    args: ['juan', 'sync'],
    code: 0,
    lines: [
      'rule      none: POLICY_FILE is not set',
      'answer    yes',
      'identity  juan',
      'ttl       3600 seconds',
      'grant     {"data_sync":{"service_sid":"default"}}'
    ]
  },
  {
    name: 'an identity that does not fit',
    args: ['a.b', 'voice'],
    code: 1,
    lines: [
      'rule      none: POLICY_FILE is not set',
      'answer    no: 422 identity-unsuitable',
      /^ {10}identity: voice takes letters, digits and _ only/
    ]
  }
]

for (const { name, file, args, code, lines } of explanations) {
  test(`explain: ${name}`, async t => {
    const answer = await run(t.testdir(files), file, ['explain', ...args])
    t.equal(answer.code, code, answer.err)
    t.match(answer.out.trimEnd().split('\n'), lines)
  })
}

test('explain: groups that a store or an identity provider answers', async t => {
  const cwd = t.testdir({ 'p.yaml': 'rules:\n  - { who: ["group:support", "jwt-group:support"], allow: { sync: {} } }\n  - { who: ["*"], allow: {} }\n' })
  const rows: Array<{ line: string[], remoteStore?: boolean, code: number, says: RegExp }> = [
    { line: ['susan', 'sync', '--groups', 'sales, support'], remoteStore: true, code: 0, says: /rule 1\nanswer {4}yes/ },
    { line: ['susan', 'sync'], remoteStore: true, code: 1, says: /rule 2\nanswer {4}no: 403/ },
    { line: ['jwt:auth0|7', 'sync', '--groups', 'support'], remoteStore: true, code: 0, says: /rule 1\nanswer {4}yes\nidentity {2}auth0\|7\n/ },
    { line: ['jwt:auth0|7', 'sync', '--groups', 'sales'], remoteStore: true, code: 1, says: /rule {6}none is for this caller/ },
    { line: ['susan', 'sync', '--groups', 'a,,b'], remoteStore: true, code: 2, says: /--groups takes at most 200 names/ },
    { line: ['jwt:a:b', 'sync'], remoteStore: true, code: 2, says: /a name holds none of/ }
  ]
  for (const { line, remoteStore, code, says } of rows) {
    const answer = await run(cwd, 'p.yaml', ['explain', ...line], remoteStore)
    t.match({ ...answer, said: answer.out + answer.err }, { code, said: says }, line.join(' '))
  }
  t.match(await run(cwd, undefined, ['explain', 'susan', 'sync', '--groups', 'support']), { code: 2, err: /a users file has no groups/ })
})

test('explain: as JSON', async t => {
  const cwd = t.testdir(files)
  t.same(JSON.parse((await run(cwd, 'policy.yaml', ['explain', 'mallory', 'video', '--json'])).out), {
    rule: 'policy.yaml:13:5, rule 3', allowed: true, identity: 'mallory', ttl: 3600, grant: { video: { room: 'lobby' } }
  })
  t.match(JSON.parse((await run(cwd, 'policy.yaml', ['explain', 'mallory', 'sync', '--json'])).out), {
    allowed: false, status: 403, code: 'not-allowed', errors: [/^sync: /]
  })
})

test('explain: a line that asks for nothing possible is a mistake of the line', async t => {
  const cwd = t.testdir(files)
  for (const [line, err] of [
    [['a:b', 'video'], /^a name holds none of/],
    [['susan', 'vidoe'], /^vidoe is not an enabled product; did you mean video\?/],
    [['susan', 'chat'], /^chat is not an enabled product/]
  ] as const) {
    const answer = await run(cwd, 'policy.yaml', ['explain', ...line])
    t.equal(answer.code, 2)
    t.match(answer.err, err)
  }
  t.match(await run(cwd, 'policy.yaml', ['explain', 'susan', 'video', '--ttl', '1h']), { code: 1, err: /whole number of seconds/ })
})

test('explain: an identity in the form of the settings', async t => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const code = await runProgram(['policy', 'explain', 'jwt:auth0|7', 'voice'], { env: { ...complete, IDENTITY_FORM: 'escaped' }, cwd: t.testdir({}), stdin, stdout, stderr })
  t.match({ code, out: String(stdout.read()) }, { code: 0, out: /identity {2}auth0_7c7\n/ })
  for (const { claims, identity } of [
    { claims: { JWT_IDENTITY: 'idp_{sub}' }, identity: 'idp_susan' },
    { claims: { JWT_NAME: 'email', JWT_IDENTITY: 'sub' }, identity: 'susan' },
    { claims: { JWT_IDENTITY: '{sub}_{x}' }, identity: 'susan' }
  ]) {
    const out = new PassThrough()
    await runProgram(['policy', 'explain', 'jwt:susan', 'voice'], { env: { ...complete, JWT_ISSUER: 'https://idp.example.com', ...claims }, cwd: t.testdir({}), stdin, stdout: out, stderr })
    t.match(String(out.read()), `identity  ${identity}\n`, JSON.stringify(claims))
  }
})

test('explain: a policy that is not right explains nothing', async t => {
  t.match(await run(t.testdir(files), 'bad.yaml', ['explain', 'susan', 'video']), { code: 78, err: /^bad\.yaml:1:8 .*\nbad\.yaml:2:1 / })
})

test('explain: a plugin\'s own fault is not taken for a refusal', async t => {
  await t.rejects(run(t.testdir(files), 'audit.yaml', ['explain', 'susan', 'broken']), TypeError)
})

test('schema: prints what editors take', async t => {
  const { code, out } = await run(t.testdir(files), undefined, ['schema'])
  t.equal(code, 0)
  const schema = JSON.parse(out)
  t.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#')
  t.strictSame(Object.keys(schema.properties.rules.items.properties.allow.properties), ['conversations', 'sync', 'video', 'voice', 'broken'])
})

test('settings that cannot be read are told as they are', async t => {
  const stderr = new PassThrough()
  const io = { env: {}, cwd: '/', stdin: new PassThrough(), stdout: new PassThrough(), stderr }
  let code: number | undefined
  const context = async () => { throw new Failure(78, 'PORT must be a whole number') }
  await policyCommand(io, context, exitCode => { code = exitCode }).parseAsync(['schema'], { from: 'user' })
  t.equal(code, 78)
  t.equal(String(stderr.read()), 'PORT must be a whole number\n')
})

test('check and explain: names are compared as the store of the settings compares them', async t => {
  const cwd = t.testdir({
    'policy.yaml': 'rules:\n  - { who: [Susan], allow: { video: {} } }\n',
    'twice.yaml': 'rules:\n  - { who: [Susan, susan], allow: { video: {} } }\n'
  })
  const stores = [
    { store: { USERS_FILE: 'users.htpasswd' }, explained: 1, checked: 0, says: /^$/ },
    { store: { LOGIN_URL: 'https://app.example.com/login' }, explained: 0, checked: 1, says: /^twice\.yaml:2:20 "susan" is the same name as "Susan": / },
    { store: { DATABASE_URL: 'postgres://db/app', USERS_QUERY: 'SELECT $1' }, explained: 0, checked: 1, says: /^twice\.yaml:2:20 / }
  ]
  for (const { store, explained, checked, says } of stores) {
    const program = async (POLICY_FILE: string, line: string[]) => {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
      return { code: await runProgram(['policy', ...line], { env: { ...complete, ...store, POLICY_FILE }, cwd, stdin, stdout, stderr }), err: String(stderr.read() ?? '') }
    }
    t.match(await program('policy.yaml', ['explain', 'susan', 'video']), { code: explained }, JSON.stringify(store))
    t.match(await program('twice.yaml', ['check']), { code: checked, err: says })
  }
})
