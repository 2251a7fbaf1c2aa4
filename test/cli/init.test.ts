import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Dispatcher } from 'undici'
import { initCommand } from '../../src/cli/init/command.js'
import { main } from '../../src/cli/main.js'
import { readSettings } from '../helpers/settings.js'
import { valueMistake } from '../../src/settings/value.js'
import { twilioRest } from '../fakes/rest-api.js'
import { basic, secrets } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { inProcess } from '../helpers/in-process.js'
import { until } from '../helpers/until.js'

const { accountSid, keySid } = secrets
const keySecret = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF'
const password = 'correct horse battery staple'

const init = (cwd: string, args: string[], stdin = Readable.from(['']), env: Record<string, string> = {}) =>
  inProcess(['init', ...args], { env, cwd, stdin })

/** A person who waits for each question: its words, and what is typed then. */
async function atTerminal (cwd: string, args: string[], talk: Array<[question: RegExp, keys: string]>, network?: Dispatcher) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let shown = ''
  let unseen = ''
  const left = [...talk]
  stderr.setEncoding('utf8').on('data', text => {
    shown += text
    unseen += text
    if (left.length > 0 && left[0]![0].test(unseen)) {
      unseen = ''
      stdin.write(left.shift()![1])
    }
  })
  const io = { env: {}, cwd, stdin, stdout, stderr }
  let code = 0
  if (network === undefined) code = await main(['init', ...args], io)
  else await initCommand(io, exitCode => { code = exitCode }, network).parseAsync(args, { from: 'user' })
  return { code, out: String(stdout.read() ?? ''), shown, left }
}

/** The secret of sessions is never the same. */
const envOf = (dir: string) => readFileSync(join(dir, '.env'), 'utf8').replace(/(?<=^SESSION_SECRET=)[\w-]{43}$/m, 'random')
const written = (secret = keySecret, more = '') => `# Keep this file out of git. All settings: .env.example\nTWILIO_ACCOUNT_SID=${accountSid}\nTWILIO_API_KEY_SID=${keySid}\nTWILIO_API_KEY_SECRET=${secret}\n${more}SESSION_SECRET=random\n`
const flags = ['--account-sid', accountSid, '--key-sid', keySid]

t.test('by flags and files alone, init writes .env and the first user', async t => {
  const dir = t.testdir({ secret: `${keySecret}\n`, password: `${password}\r\n` })
  t.same(await init(dir, [...flags, '--secret-file', 'secret', '--region', 'ie1', '--user', 'juan', '--password-file', 'password']), {
    code: 0,
    out: 'wrote .env, which only you can read\nadded juan to users.htpasswd\nnext, run: npx twilio-token-broker check --online, then: npx twilio-token-broker start\n',
    err: ''
  })
  t.equal(envOf(dir), written(keySecret, 'TWILIO_REGION=ie1\n'))
  t.equal(statSync(join(dir, '.env')).mode & 0o777, 0o600)
  t.match(await readSettings({}, dir), { mistakes: { length: 0 } })
})

t.test('a secret comes by standard input, and never needs a terminal', async t => {
  const dir = t.testdir({ password })
  t.has(await init(dir, [...flags, '--secret-stdin', '--no-user'], Readable.from([`${keySecret}\n`])), { code: 0, err: '' })
  t.equal(envOf(dir), written())
  t.match(await init(dir, [...flags, '--secret-stdin', '--no-user', '--force'], Readable.from(['with#inside'])), { code: 0 })
  t.equal((await readSettings({}, dir)).settings.TWILIO_API_KEY_SECRET, 'with#inside', 'and is read back as it was')

  writeFileSync(join(dir, 'secret'), keySecret)
  const other = t.testdir({ secret: keySecret, '.env': 'USERS_FILE=callers\n' })
  t.match(await init(other, [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-stdin', '--force'], Readable.from([password]), { USERS_FILE: 'callers' }), { code: 0, out: /added susan to callers/ })
})

t.test('what is not right is told, and nothing is written', async t => {
  const dir = t.testdir({ secret: keySecret, sid: keySid, token: '0123456789abcdef0123456789abcdef', short: 'short\n' })
  const rows: Array<{ args: string[], code: number, err: RegExp }> = [
    {
      args: ['--account-sid', keySid, '--key-sid', accountSid, '--secret-file', 'secret', '--no-user'],
      code: 2,
      err: /^TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits; it holds an API key SID \(SK…\)\nTWILIO_API_KEY_SID must be SK and 32 hexadecimal digits; it holds an account SID \(AC…\)\n$/
    },
    {
      args: ['--account-sid', `${accountSid}0`, '--key-sid', keySid, '--secret-file', 'secret', '--no-user'],
      code: 2,
      err: /^TWILIO_ACCOUNT_SID must be AC and 32/
    },
    { args: [...flags, '--secret-file', 'sid', '--no-user'], code: 2, err: /^TWILIO_API_KEY_SECRET is a placeholder or a SID/ },
    {
      args: [...flags, '--secret-file', 'secret', '--region', 'eu1', '--no-user'],
      code: 2,
      err: /^TWILIO_REGION must be us1, ie1 or au1\n$/
    },
    { args: [...flags, '--secret-file', 'none', '--no-user'], code: 78, err: /^none cannot be used \(ENOENT\)/ },
    { args: [...flags, '--secret-file', 'secret', '--user', 'a:b', '--password-file', 'secret'], code: 2, err: /^a name holds none of/ },
    {
      args: [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-file', 'short'],
      code: 2,
      err: /^a password has at least 8 characters\n$/
    },
    {
      args: [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-file', 'none'],
      code: 78,
      err: /^none cannot be used \(ENOENT\)/
    },
    { args: [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-stdin'], code: 2, err: /^a password has 1 to/ },
    { args: ['--secret-stdin', '--password-stdin'], code: 2, err: /^standard input can hold one secret/ },
    {
      args: [...flags, '--secret-file', 'secret', '--user', 'susan'],
      code: 2,
      err: /^standard input is not a terminal, so nothing can be asked; add --password-file \(or --password-stdin\)\n$/
    },
    {
      args: [...flags, '--secret-file', 'secret'],
      code: 2,
      err: /; add --user \(or --no-user\), --password-file \(or --password-stdin\)\n$/
    },
    { args: [...flags, '--no-user'], code: 2, err: /; add --secret-file \(or --secret-stdin\)\n$/ },
    { args: ['--no-user'], code: 2, err: /; add --account-sid, --key-sid, --secret-file \(or --secret-stdin\)\n$/ },
    {
      args: ['--account-sid', 'x', '--region', 'eu1', '--no-user'],
      code: 2,
      err: /^TWILIO_ACCOUNT_SID must be .*\nTWILIO_REGION must be .*\n.*; add --key-sid, --secret-file/
    },
    {
      args: [...flags, '--secret-file', 'secret', '--no-user', '--twiml-app-sid', accountSid],
      code: 2,
      err: /^TWILIO_TWIML_APP_SID must be AP.*; it holds an account SID/
    },
    {
      args: [...flags, '--secret-file', 'secret', '--no-user', '--origin', 'https://*.example.com'],
      code: 2,
      err: /^CORS_ORIGINS: entry 1 must be one exact origin/
    },
    {
      args: [...flags, '--secret-file', 'secret', '--no-user', '--conversations-service-sid', 'x', '--sync-service-sid', 'y'],
      code: 2,
      err: /^TWILIO_CONVERSATIONS_SERVICE_SID must be .*\nTWILIO_SYNC_SERVICE_SID must be/
    }
  ]
  for (const { args, code, err } of rows) t.match(await init(dir, args), { code, out: '', err }, args.join(' '))
  t.throws(() => envOf(dir), { code: 'ENOENT' })
  t.match(await init(dir, [...flags, '--secret-file', 'token', '--no-user']), { code: 0, err: /^TWILIO_API_KEY_SECRET: this looks like the auth token of the account.* \(a warning\)\n$/ })
})

t.test('by options, init writes the app, the services and the origins too', async t => {
  const dir = t.testdir({ secret: keySecret })
  const [app, conversations, sync] = [`AP${'1'.repeat(32)}`, `IS${'1'.repeat(32)}`, `IS${'2'.repeat(32)}`]
  t.has(await init(dir, [...flags, '--secret-file', 'secret', '--no-user', '--twiml-app-sid', app, '--conversations-service-sid', conversations, '--sync-service-sid', sync, '--origin', 'https://a.example.com,https://b.example.com']), { code: 0, err: '' })
  t.equal(envOf(dir), written(keySecret, `TWILIO_TWIML_APP_SID=${app}\nTWILIO_CONVERSATIONS_SERVICE_SID=${conversations}\nTWILIO_SYNC_SERVICE_SID=${sync}\nCORS_ORIGINS=https://a.example.com,https://b.example.com\n`))
  t.match(await readSettings({}, dir), { mistakes: { length: 0 } })
})

t.test('an .env that is there is replaced only with leave, and named before anything else', async t => {
  const dir = t.testdir({ secret: keySecret, '.env': 'PORT=1\n' })
  const args = [...flags, '--secret-file', 'secret', '--no-user']
  for (const given of [args, [], ['--account-sid', 'x']]) t.match(await init(dir, given), { code: 2, out: '', err: /^\.env exists; --force replaces it with a new one that has these settings alone\n$/ }, given.join(' '))
  t.match(await atTerminal(dir, args, [[/\(y\/N\) /, '\r']]), { code: 1, shown: /\.env is unchanged\n$/ })
  t.match(await atTerminal(dir, [], [[/\.env exists.*\(y\/N\) /, 'n\r']]), { code: 1, shown: /\.env is unchanged\n$/ }, 'before any secret is asked for')
  t.equal(envOf(dir), 'PORT=1\n')
  t.match(await atTerminal(dir, args, [[/\(y\/N\) /, 'y\r']]), { code: 0 })
  t.equal(envOf(dir), written())
})

t.test('a first user who is there already is refused before anything is written', async t => {
  const dir = t.testdir({ secret: keySecret, password, '.env': 'PORT=1\n', 'users.htpasswd': 'Susan:x\n' })
  const args = [...flags, '--secret-file', 'secret', '--force', '--password-file', 'password']
  t.match(await init(dir, [...args, '--user', 'susan']), { code: 1, out: '', err: /^users\.htpasswd already has a user of this name \(case does not count\); choose another name, or add no user with --no-user/ })
  t.equal(envOf(dir), 'PORT=1\n')
  t.equal(readFileSync(join(dir, 'users.htpasswd'), 'utf8'), 'Susan:x\n')
  t.match(await init(dir, [...args, '--user', 'juan']), { code: 0, out: /added juan/ })
  t.match(readFileSync(join(dir, 'users.htpasswd'), 'utf8'), /^Susan:x\njuan:\$/)
})

t.test('a file that cannot be written is found before a secret is asked for', async t => {
  const args = [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-file', 'password', '--force']
  const files = { secret: keySecret, password }
  const root = t.testdir({ folder: { ...files, '.env': {} }, file: '', good: files, other: { ...files, callers: {} } })
  const rows: Array<{ dir: string, env?: Record<string, string>, err: RegExp }> = [
    { dir: 'folder', err: /^\.env cannot be used \(EISDIR\)/ },
    { dir: 'file', err: /^\.env cannot be used \(ENOTDIR\)/ },
    { dir: 'none', err: /^\.env cannot be used \(ENOENT\)/ },
    { dir: 'good', env: { USERS_FILE: 'no/such/users' }, err: /^no\/such\/users cannot be used \(ENOENT\)/ },
    { dir: 'good', env: { USERS_FILE: 'secret/users' }, err: /^secret\/users cannot be used \(ENOTDIR\)/ },
    { dir: 'other', env: { USERS_FILE: 'callers' }, err: /^callers cannot be used \(EISDIR\)/ }
  ]
  for (const { dir, env = {}, err } of rows) {
    t.match(await init(join(root, dir), args, undefined, env), { code: 78, out: '', err }, `${dir} ${env.USERS_FILE}`)
    t.throws(() => envOf(join(root, dir)))
  }
  t.match(await atTerminal(join(root, 'folder'), [], []), { code: 78, shown: /^\.env cannot be used/ })
})

t.test('a user who cannot be added after all is named, with what to run', async t => {
  const dir = t.testdir({ secret: keySecret, password, 'users.htpasswd.lock': 'x' })
  const started = init(dir, [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-file', 'password'])
  t.match(await started, { code: 78, out: 'wrote .env, which only you can read\n', err: /\n\.env is written, but the user could not be added; run: npx twilio-token-broker users add NAME\n$/ })
  t.equal(envOf(dir), written())
})

/** The answers of a person who wants no more than the least. */
const least: Array<[question: RegExp, keys: string]> = [
  [/Ask Twilio whether.*\(Y\/n\) /, 'n\r'],
  [/TwiML app decides[^]*Enter for none\): /, '\r'],
  [/Conversations: the service[^]*Enter for none\): /, '\r'],
  [/Sync: the service[^]*Enter for the default one\): /, '\r'],
  [/origin is listed[^]*Enter for none\): /, '\r']
]

t.test('a person is asked for everything, and asked again for what is not right', async t => {
  const dir = t.testdir({ 'users.htpasswd': 'susan:x\n' })
  const app = `AP${'1'.repeat(32)}`
  const { code, out, shown, left } = await atTerminal(dir, [], [
    [/Account Info[^]*Account SID \(AC…\): /, `${keySid}\r`],
    [/it holds an API key SID[^]*Account SID \(AC…\): /, `  ${accountSid} \r`],
    [/type Standard[^]*API key SID \(SK…\): /, `${keySid}\r`],
    [/not the auth token of the account[^]*hidden\): /, '0123456789abcdef0123456789abcdef\r'],
    [/looks like the auth token of the account[^]*\(y\/N\) /, '\r'],
    [/hidden\): /, `${keySecret}\r`],
    [/Enter for us1\): /, '\r'],
    [/Ask Twilio whether.*\(Y\/n\) /, 'n\r'],
    [/TwiML app decides[^]*TwiML app SID \(AP…, Enter for none\): /, '1\r'],
    [/TWILIO_TWIML_APP_SID must be AP[^]*Enter for none\): /, `${app}\r`],
    [/Conversations: the service[^]*Enter for none\): /, '\r'],
    [/Sync: the service[^]*Enter for the default one\): /, 'default\r'],
    [/origin is listed[^]*Enter for none\): /, 'app.example.com\r'],
    [/CORS_ORIGINS: entry 1[^]*Enter for none\): /, 'https://app.example.com\r'],
    [/Enter for susan\): /, '\r'],
    [/already has a user of this name[^]*Enter for susan\): /, 'a:b\r'],
    [/a name holds none of[^]*Enter for susan\): /, 'juan\r'],
    [/New password: /, `${password}\r`],
    [/The same again: /, 'another one\r'],
    [/two passwords are different[^]*New password: /, 'short\r'],
    [/The same again: /, 'short\r'],
    [/at least 8 characters\n[^]*New password: /, `${password}\r`],
    [/The same again: /, `${password}\r`]
  ])
  t.match({ code, left }, { code: 0, left: { length: 0 } }, shown)
  t.match(out, /added juan to users\.htpasswd\nnext, run: /)
  t.match(shown, keySid, 'what is no secret is seen while it is typed')
  t.notMatch(shown, new RegExp(`${keySecret}|${password}|0123456789abcdef`))
  t.equal(envOf(dir), written(keySecret, `TWILIO_TWIML_APP_SID=${app}\nTWILIO_SYNC_SERVICE_SID=default\nCORS_ORIGINS=https://app.example.com\n`))
})

t.test('Twilio is asked on request, and what the account has is offered', async t => {
  const rest = await twilioRest()
  t.teardown(() => rest.close())
  const [app, other, service] = [`AP${'1'.repeat(32)}`, `AP${'2'.repeat(32)}`, `IS${'1'.repeat(32)}`]
  const good = {
    [`api.twilio.com/2010-04-01/Accounts/${accountSid}/Applications.json`]: {
      status: 200, body: JSON.stringify({ applications: [{ sid: app, friendly_name: 'Support\u001b[31m' }, { sid: other, friendly_name: 'Sales' }, { sid: 'nonsense' }, null] })
    },
    'sync.twilio.com/v1/Services': { status: 200, body: JSON.stringify({ services: [{ sid: service, friendly_name: null, unique_name: 'default' }, { sid: `IS${'3'.repeat(32)}` }] }) },
    'conversations.twilio.com/v1/Services': 'hang up' as const
  }
  const account: Array<[question: RegExp, keys: string]> = [[/AC…\): /, `${accountSid}\r`], [/SK…\): /, `${keySid}\r`], [/hidden\): /, `${keySecret}\r`], [/us1\): /, '\r']]

  await t.test('a number of the list is enough', async t => {
    rest.answers = good
    const dir = t.testdir()
    const { code, shown, left } = await atTerminal(dir, ['--no-user'], [
      ...account,
      [/\(Y\/n\) /, '\r'],
      [/key and secret are good[^]*clock: agrees[^]* {2}1 {2}Support\\u\{1b\}\[31m \(AP1+\)\n {2}2 {2}Sales \(AP2+\)\n[^]*TwiML app SID \(a number of the list, or AP…, Enter for none\): /, '3\r'],
      [/TWILIO_TWIML_APP_SID must be[^]*: /, '2\r'],
      [/Conversations service SID \(IS…, Enter for none\): /, '\r'],
      [/1 {2}default \(IS1+\)\n {2}2 {2}without a name \(IS3+\)\n[^]*Sync service SID \(a number/, '1\r'],
      [/Enter for none\): /, '\r']
    ], rest.network)
    t.match({ code, left }, { code: 0, left: { length: 0 } }, shown)
    t.equal(envOf(dir), written(keySecret, `TWILIO_TWIML_APP_SID=${other}\nTWILIO_SYNC_SERVICE_SID=${service}\n`))
    t.match(rest.asked[0]!.authorization, /^Basic /)
  })

  await t.test('a key that Twilio refuses can be given once more, or kept', async t => {
    rest.answers = Object.fromEntries(Object.keys(good).map(url => [url, { status: 401, code: 20003 }]))
    const rows: Array<{ keys: string, again: typeof account }> = [
      { keys: '\r', again: [[/\(Y\/n\) /, '\r'], ...account, [/Ask Twilio/, 'n\r']] },
      { keys: 'n\r', again: [] }
    ]
    for (const { keys, again } of rows) {
      const dir = t.testdir()
      const talk: typeof account = [...account, [/Ask Twilio/, '\r'], [/refuses key and secret \(20003\)[^]*again\? \(Y\/n\) /, keys], ...again.slice(1), ...least.slice(1)]
      const { code, shown, left } = await atTerminal(dir, ['--no-user'], talk, rest.network)
      t.match({ code, left }, { code: 0, left: { length: 0 } }, shown)
      t.equal(envOf(dir), written())
    }
  })

  await t.test('a Twilio that cannot be reached stops nobody', async t => {
    rest.answers = Object.fromEntries(Object.keys(good).map(url => [url, 'hang up']))
    const dir = t.testdir()
    const { code, shown, left } = await atTerminal(dir, ['--no-user'], [...account, [/Ask Twilio/, 'y\r'], [/could not be reached[^]*TwiML app SID \(AP…, Enter for none\): /, '\r'], ...least.slice(2)], rest.network)
    t.match({ code, left }, { code: 0, left: { length: 0 } }, shown)
  })
})

t.test('what an option gives is looked at before a secret is asked for', async t => {
  const dir = t.testdir({ short: 'short', password })
  const rows: Array<{ args: string[], shown: RegExp }> = [
    { args: ['--user', 'a:b'], shown: /^a name holds none of/ },
    { args: ['--user', 'susan', '--password-file', 'short'], shown: /^a password has at least 8/ },
    { args: ['--account-sid', 'x', '--twiml-app-sid', 'y'], shown: /^TWILIO_ACCOUNT_SID must be .*\nTWILIO_TWIML_APP_SID must be/ },
    { args: ['--secret-stdin'], shown: /^standard input is a terminal, which would show the secret/ },
    { args: ['--password-stdin'], shown: /^standard input is a terminal, which would show the secret/ }
  ]
  for (const { args, shown } of rows) t.match(await atTerminal(dir, args, []), { code: 2, shown }, args.join(' '))
  const given = await atTerminal(dir, ['--account-sid', accountSid, '--region', 'ie1', '--origin', 'https://a.example.com', '--user', 'susan', '--password-file', 'password'], [
    [/^\nCreate an API key[^]*SK…\): /, `${keySid}\r`], [/hidden\): /, `${keySecret}\r`], ...least.slice(0, -1)
  ])
  t.match(given, { code: 0, left: { length: 0 } }, given.shown)
  t.equal(envOf(dir), written(keySecret, 'TWILIO_REGION=ie1\nCORS_ORIGINS=https://a.example.com\n'))
})

t.test('a secret that looks like an auth token can be taken; Ctrl-C writes nothing', async t => {
  const dir = t.testdir()
  t.match(await atTerminal(dir, ['--no-user', ...flags, '--region', 'us1'], [[/hidden\): /, '0123456789abcdef0123456789abcdef\r'], [/\(y\/N\) /, 'yes\r'], ...least]), { code: 0 })
  t.match(envOf(dir), /^TWILIO_REGION=us1$/m)
  const other = t.testdir()
  t.match(await atTerminal(other, ['--user', 'susan'], [[/AC…\): /, '\x03']]), { code: 130, shown: /\naborted; nothing was changed\n$/ })
  t.match(await atTerminal(other, [...flags, '--region', 'us1', '--user', 'susan'], [[/hidden\): /, `${keySecret}\r`], ...least, [/New password: /, '\x03']]), { code: 130 })
  t.throws(() => envOf(other), { code: 'ENOENT' })
})

t.test('one value by itself is right or not', async t => {
  t.equal(valueMistake('TWILIO_ACCOUNT_SID', accountSid), undefined)
  t.match(valueMistake('TWILIO_API_KEY_SECRET', 'your_secret_here'), /placeholder/)
})

const bin = fileURLToPath(new URL('../../src/bin.js', import.meta.url))

t.test('a first session at a real terminal: init, start, a token', { skip: spawnSync('script', ['--version']).error && 'script (util-linux) is not installed' }, async t => {
  const cwd = t.testdir()
  const env = { PATH: process.env.PATH, TERM: 'xterm', NO_COLOR: '1', PORT: '0' }
  const program = [process.execPath, ...process.execArgv, bin].map(arg => `'${arg}'`).join(' ')
  const child = spawn('script', ['-qec', `${program} init && exec ${program} start`, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  let shown = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', text => { shown += text })
  const closed = new Promise(resolve => child.once('close', resolve))
  for (const [question, typed] of [
    ['(AC…): ', accountSid], ['(SK…): ', keySid], ['(hidden): ', keySecret], ['us1): ', ''], ['(Y/n) ', 'n'], ['none): ', ''], ['none): ', ''], ['default one): ', ''], ['none): ', ''], ['susan): ', ''], ['New password: ', password], ['again: ', password]
  ] as const) {
    await until(() => shown.indexOf(question, seen) !== -1, 60_000)
    seen = shown.length
    child.stdin.write(`${typed}\r`)
  }
  const listening = /url: "(http:[^"]+)"/
  await until(() => listening.test(shown), 60_000)
  const { status, body } = await ask(listening.exec(shown)![1]!, { as: basic('susan', password), path: '/token/video' })
  t.match({ status, body }, { status: 200, body: { identity: 'susan', token: /^eyJ/ } })
  t.notMatch(shown, new RegExp(`${keySecret}|${password}`))
  child.stdin.write('\x03')
  t.equal(await closed, 0)
})
