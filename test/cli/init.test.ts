import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { main } from '../../src/cli/main.js'
import { readSettings, valueMistake } from '../../src/settings/load.js'
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
async function atTerminal (cwd: string, args: string[], talk: Array<[question: RegExp, keys: string]>) {
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
  const code = await main(['init', ...args], { env: {}, cwd, stdin, stdout, stderr })
  return { code, out: String(stdout.read() ?? ''), shown, left }
}

const envOf = (dir: string) => readFileSync(join(dir, '.env'), 'utf8')
const written = (secret = keySecret, more = '') => `# Keep this file out of git. All settings: .env.example\nTWILIO_ACCOUNT_SID=${accountSid}\nTWILIO_API_KEY_SID=${keySid}\nTWILIO_API_KEY_SECRET=${secret}\n${more}`
const flags = ['--account-sid', accountSid, '--key-sid', keySid]

t.test('by flags and files alone, init writes .env and the first user', async t => {
  const dir = t.testdir({ secret: `${keySecret}\n`, password: `${password}\r\n` })
  t.same(await init(dir, [...flags, '--secret-file', 'secret', '--region', 'ie1', '--user', 'juan', '--password-file', 'password']), {
    code: 0,
    out: 'wrote .env, which only you may read\nadded juan to users.htpasswd\nnext: twilio-token-broker check --online, and then: twilio-token-broker start\n',
    err: ''
  })
  t.equal(envOf(dir), written(keySecret, 'TWILIO_REGION=ie1\n'))
  t.equal(statSync(join(dir, '.env')).mode & 0o777, 0o600)
  t.match(await readSettings({}, dir), { mistakes: { length: 0 } })
})

t.test('a secret comes by standard input, and never needs a terminal', async t => {
  const dir = t.testdir({ password })
  t.match(await init(dir, [...flags, '--secret-stdin', '--no-user'], Readable.from([`${keySecret}\n`])), { code: 0, err: '' })
  t.equal(envOf(dir), written())
  t.match(await init(dir, [...flags, '--secret-stdin', '--no-user', '--force'], Readable.from(['with#inside'])), { code: 0 })
  t.equal((await readSettings({}, dir)).settings.TWILIO_API_KEY_SECRET, 'with#inside', 'and is read back as it was')

  writeFileSync(join(dir, 'secret'), keySecret)
  const other = t.testdir({ secret: keySecret, '.env': 'USERS_FILE=callers\n' })
  t.match(await init(other, [...flags, '--secret-file', 'secret', '--user', 'susan', '--password-stdin', '--force'], Readable.from([password]), { USERS_FILE: 'callers' }), { code: 0, out: /added susan to callers/ })
})

t.test('what is not right is told, and nothing is written', async t => {
  const dir = t.testdir({ secret: keySecret, sid: keySid, token: '0123456789abcdef0123456789abcdef', short: 'short\n' })
  const rows: Array<[args: string[], code: number, err: RegExp]> = [
    [['--account-sid', keySid, '--key-sid', accountSid, '--secret-file', 'secret', '--no-user'], 2, /^TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits; it holds an API key SID \(SK…\)\n$/],
    [['--account-sid', `${accountSid}0`, '--secret-file', 'secret', '--no-user'], 2, /^TWILIO_ACCOUNT_SID must be AC and 32/],
    [[...flags, '--secret-file', 'sid', '--no-user'], 2, /^TWILIO_API_KEY_SECRET is a placeholder or a SID/],
    [[...flags, '--secret-file', 'secret', '--region', 'eu1', '--no-user'], 2, /^TWILIO_REGION must be us1, ie1 or au1\n$/],
    [[...flags, '--secret-file', 'none', '--no-user'], 78, /^none cannot be used \(ENOENT\)/],
    [[...flags, '--secret-file', 'secret', '--user', 'a:b', '--password-file', 'secret'], 2, /^a name holds none of/],
    [[...flags, '--secret-file', 'secret', '--user', 'susan', '--password-file', 'short'], 2, /^a password has at least 8/],
    [[...flags, '--secret-file', 'secret', '--user', 'susan', '--password-file', 'none'], 78, /^none cannot be used \(ENOENT\)/],
    [[...flags, '--secret-file', 'secret', '--user', 'susan', '--password-stdin'], 2, /^a password has 1 to/],
    [[...flags, '--secret-file', 'secret', '--user', 'susan'], 2, /^standard input is no terminal to ask at; give the password/],
    [['--secret-stdin', '--password-stdin'], 2, /^standard input holds one secret/],
    [[...flags, '--no-user'], 2, /^standard input is no terminal to ask at; see --help/]
  ]
  for (const [args, code, err] of rows) t.match(await init(dir, args), { code, out: '', err }, args.join(' '))
  t.throws(() => envOf(dir), { code: 'ENOENT' })
  t.match(await init(dir, [...flags, '--secret-file', 'token', '--no-user']), { code: 0, err: /^TWILIO_API_KEY_SECRET: this looks like the account's auth token.* \(a warning\)\n$/ })
})

t.test('an .env that is there is replaced only with leave', async t => {
  const dir = t.testdir({ secret: keySecret, '.env': 'PORT=1\n' })
  const args = [...flags, '--secret-file', 'secret', '--no-user']
  t.match(await init(dir, args), { code: 2, err: /no terminal/ })
  t.match(await atTerminal(dir, args, [[/\(y\/N\) /, '\r']]), { code: 1, shown: /\.env stays as it is\n$/ })
  t.equal(envOf(dir), 'PORT=1\n')
  t.match(await atTerminal(dir, args, [[/\(y\/N\) /, 'y\r']]), { code: 0 })
  t.equal(envOf(dir), written())
  const folder = t.testdir({ secret: keySecret, '.env': {} })
  t.match(await init(folder, [...args, '--force']), { code: 78, err: /^\.env cannot be used \(\w+\)/ })
})

t.test('a person is asked for everything, and asked again for what is not right', async t => {
  const dir = t.testdir()
  const { code, out, shown, left } = await atTerminal(dir, [], [
    [/Account Info[^]*Account SID \(AC…\): /, `${keySid}\r`],
    [/it holds an API key SID[^]*Account SID \(AC…\): /, `  ${accountSid} \r`],
    [/type Standard[^]*API key SID \(SK…\): /, `${keySid}\r`],
    [/not the account's auth token[^]*hidden\): /, '0123456789abcdef0123456789abcdef\r'],
    [/looks like the account's auth token[^]*\(y\/N\) /, '\r'],
    [/hidden\): /, `${keySecret}\r`],
    [/Enter for us1\): /, '\r'],
    [/Enter for susan\): /, '\r'],
    [/New password: /, `${password}\r`],
    [/The same again: /, 'another one\r'],
    [/two different passwords[^]*New password: /, 'short\r'],
    [/The same again: /, 'short\r'],
    [/at least 8 characters[^]*New password: /, `${password}\r`],
    [/The same again: /, `${password}\r`]
  ])
  t.match({ code, left }, { code: 0, left: { length: 0 } }, shown)
  t.match(out, /added susan to users\.htpasswd\nnext: /)
  t.match(shown, keySid, 'what is no secret is seen while it is typed')
  t.notMatch(shown, new RegExp(`${keySecret}|${password}|0123456789abcdef`))
  t.equal(envOf(dir), written())
})

t.test('a secret that looks like an auth token can be taken; Ctrl-C writes nothing', async t => {
  const dir = t.testdir()
  t.match(await atTerminal(dir, ['--no-user', ...flags, '--region', 'us1'], [[/hidden\): /, '0123456789abcdef0123456789abcdef\r'], [/\(y\/N\) /, 'yes\r']]), { code: 0 })
  t.match(envOf(dir), /^TWILIO_REGION=us1$/m)
  const other = t.testdir()
  t.match(await atTerminal(other, ['--user', 'susan'], [[/AC…\): /, '\x03']]), { code: 130, shown: /\naborted; nothing was changed\n$/ })
  t.throws(() => envOf(other), { code: 'ENOENT' })
})

t.test('one value by itself is right or not', async t => {
  t.equal(valueMistake('TWILIO_ACCOUNT_SID', accountSid), undefined)
  t.match(valueMistake('TWILIO_API_KEY_SECRET', 'your_secret_here'), /placeholder/)
})

const bin = fileURLToPath(new URL('../../src/bin.js', import.meta.url))
/** As this process, but without the parts of tap that a child does not need: they take seconds. */
const nodeArgs = process.execArgv.filter(arg => !/processinfo|tapjs.mock/.test(arg))

t.test('a first session at a real terminal: init, start, a token', { skip: spawnSync('script', ['--version']).error && 'script (util-linux) is not installed' }, async t => {
  const cwd = t.testdir()
  const env = { PATH: process.env.PATH, TERM: 'xterm', NO_COLOR: '1', PORT: '0' }
  const program = [process.execPath, ...nodeArgs, bin].map(arg => `'${arg}'`).join(' ')
  const child = spawn('script', ['-qec', `${program} init && exec ${program} start`, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  let shown = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', text => { shown += text })
  const closed = new Promise(resolve => child.once('close', resolve))
  for (const [question, typed] of [
    ['(AC…): ', accountSid], ['(SK…): ', keySid], ['(hidden): ', keySecret], ['us1): ', ''], ['susan): ', ''], ['New password: ', password], ['again: ', password]
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
