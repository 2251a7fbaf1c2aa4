import { CommanderError } from 'commander'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { usersCommand } from '../../src/cli/users.js'
import { verifyHash } from '../helpers/in-thread.js'
import { until } from '../helpers/until.js'

const label = 'users.htpasswd'
const password = 'correct horse battery staple'
const bcrypt = '$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa'

interface Answer {
  exitCode: number | undefined
  out: string
  err: string
}

/** Runs a command in a folder, with bytes on standard input. */
async function users (cwd: string, args: string[], input: string | Buffer = ''): Promise<Answer> {
  return await answered(cwd, args, Readable.from([Buffer.from(input)]))
}

async function answered (cwd: string, args: string[], stdin: NodeJS.ReadableStream & { isTTY?: boolean }): Promise<Answer> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let exitCode: number | undefined
  const command = usersCommand({ env: {}, cwd, stdin, stdout, stderr, verifyHash }, () => label, code => { exitCode = code })
  await command.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error
    exitCode = error.exitCode === 0 ? 0 : 2
  })
  stdout.end()
  stderr.end()
  return { exitCode, out: await text(stdout), err: await text(stderr) }
}

const fileIn = (dir: string) => readFileSync(join(dir, label), 'utf8')

t.test('a user is added, checked, given another password and removed', async t => {
  const dir = t.testdir()
  t.same(await users(dir, ['add', 'susan', '--password-stdin'], `${password}\nmore`), { exitCode: 0, out: 'added susan to users.htpasswd\n', err: '' })
  t.match(fileIn(dir), /^susan:\$argon2id\$v=19\$m=19456,t=2,p=1\$\S+\n$/)
  t.equal(statSync(join(dir, label)).mode & 0o777, 0o600)
  t.same(await users(dir, ['check', 'susan', '--password-stdin'], password), { exitCode: 0, out: 'that is the password of susan\n', err: '' })
  t.same(await users(dir, ['check', 'susan', '--password-stdin'], 'x'), { exitCode: 1, out: '', err: 'that is not the password of susan\n' })

  t.same(await users(dir, ['passwd', 'susan', '--password-stdin'], 'another password\r\n'), { exitCode: 0, out: 'susan has a new password in users.htpasswd\n', err: '' })
  t.match(await users(dir, ['check', 'susan', '--password-stdin'], password), { exitCode: 1 })
  t.match(await users(dir, ['check', 'susan', '--password-stdin'], 'another password'), { exitCode: 0 })

  t.same(await users(dir, ['remove', 'susan']), {
    exitCode: 0,
    out: 'removed susan from users.htpasswd\n',
    err: 'a broker does not take the file as it is now:\nusers.htpasswd holds no users; add a user: twilio-token-broker users add NAME\n'
  })
  t.equal(fileIn(dir), '')
})

t.test('the answer is no, with exit code 1', async t => {
  const dir = t.testdir({ [label]: `# ours\nsusan:${bcrypt}\n` })
  const rows: Array<[args: string[], says: RegExp]> = [
    [['add', 'susan', '--password-stdin'], /^users.htpasswd has a user of this name \(case does not count\); for a new password, run: twilio-token-broker users passwd NAME\n$/],
    [['add', 'SUSAN', '--password-stdin'], /^users.htpasswd has a user of this name/],
    [['passwd', 'juan', '--password-stdin'], /^users.htpasswd has no user of this name; to see all, run: twilio-token-broker users list\n$/],
    [['passwd', 'Susan', '--password-stdin'], /^users.htpasswd has no user of this name; one whose name differs in case is there\n$/],
    [['remove', 'juan'], /^users.htpasswd has no user of this name/],
    [['remove', 'Susan'], /differs in case/],
    [['check', 'juan', '--password-stdin'], /^users.htpasswd has no user of this name/],
    [['check', 'susan', '--password-stdin'], /^that is not the password of susan\n$/]
  ]
  for (const [args, says] of rows) t.match(await users(dir, args, 'wrong password'), { exitCode: 1, out: '', err: says }, args.join(' '))
  t.equal(fileIn(dir), `# ours\nsusan:${bcrypt}\n`)
})

t.test('a call that is not understood is exit code 2, and says the rule', async t => {
  const dir = t.testdir()
  const rows: Array<[args: string[], input: string | Buffer, says: RegExp]> = [
    [['add', 'a:b', '--password-stdin'], password, /^a name holds none of : \* \{ \}\n$/],
    [['add', ' susan', '--password-stdin'], password, /^a name has no blank at either end\n$/],
    [['add', '#susan', '--password-stdin'], password, /^a name in a users file does not begin with #/],
    [['add', '', '--password-stdin'], password, /^a name has 1 to 121 characters\n$/],
    [['add', 'susan', '--password-stdin'], '1234567', /^a password has at least 8 characters; --allow-short takes fewer\n$/],
    [['add', 'susan', '--password-stdin', '--allow-short'], '\nsecond line', /^a password has 1 to 1024 bytes/],
    [['add', 'susan', '--password-stdin'], 'x'.repeat(10_000), /^a password has 1 to 1024 bytes/],
    [['add', 'susan', '--password-stdin'], Buffer.from('passw\xf6rd!', 'latin1'), /^standard input is not UTF-8\n$/],
    [['add', 'susan'], password, /^standard input is no terminal to ask at; give the password with --password-stdin\n$/],
    [['add'], '', /missing required argument 'name'/],
    [['add', 'susan', 'secret'], '', /too many arguments/],
    [['delete', 'susan'], '', /unknown command/],
    [[], '', /Usage: users/]
  ]
  for (const [args, input, says] of rows) t.match(await users(dir, args, input), { exitCode: 2, out: '', err: says }, args.join(' '))
  t.notOk(existsSync(join(dir, label)))
  t.match(await users(dir, ['add', '--help']), { exitCode: 0, out: /--password-stdin +take the password/, err: '' })
})

t.test('--allow-short takes a short password, in normal form C', async t => {
  const dir = t.testdir()
  t.match(await users(dir, ['add', 'zoe\u0308', '--password-stdin', '--allow-short'], 'e\u0308'), { exitCode: 0 })
  t.match(fileIn(dir), /^zo\u00eb:/)
  t.match(await users(dir, ['check', 'zo\u00eb', '--password-stdin'], '\u00eb'), { exitCode: 0 })
  t.match(await users(dir, ['check', 'zo\u00eb', '--password-stdin'], ''), { exitCode: 1 })
})

t.test('the list is names, or JSON', async t => {
  const dir = t.testdir()
  await users(dir, ['add', 'susan', '--password-stdin'], password)
  writeFileSync(join(dir, label), `juan:${bcrypt}\n`, { flag: 'a' })
  t.same(await users(dir, ['list']), { exitCode: 0, out: 'susan\njuan\n', err: '' })
  const { out, ...rest } = await users(dir, ['list', '--json'])
  t.same(rest, { exitCode: 0, err: '' })
  t.same(JSON.parse(out), { users: [{ name: 'susan', hash: 'argon2id' }, { name: 'juan', hash: 'bcrypt' }] })
})

t.test('a check answers JSON', async t => {
  const dir = t.testdir({ [label]: `susan:${bcrypt}\n` })
  const rows = [
    ['susan', password, 0, { name: 'susan', known: true, correct: true }],
    ['susan', 'wrong', 1, { name: 'susan', known: true, correct: false }],
    ['juan', password, 1, { name: 'juan', known: false, correct: false }]
  ] as const
  for (const [name, input, exitCode, answer] of rows) {
    const { out, ...rest } = await users(dir, ['check', name, '--json', '--password-stdin'], input)
    t.same(rest, { exitCode, err: '' })
    t.same(JSON.parse(out), answer)
  }
})

t.test('a file that cannot be used is exit code 78, and says what to do', async t => {
  const missing = t.testdir()
  for (const args of [['list'], ['check', 'susan', '--password-stdin']]) {
    t.match(await users(missing, args), { exitCode: 78, out: '', err: 'users.htpasswd is missing; add a user: twilio-token-broker users add NAME\n' })
  }
  const bad = t.testdir({ [label]: 'a\nb\n' })
  t.match(await users(bad, ['list']), { exitCode: 78, err: /^users.htpasswd:1 .*\nusers.htpasswd:2 .*\n$/ })
  const folder = t.testdir({ [label]: {} })
  for (const args of [['add', 'susan', '--password-stdin'], ['passwd', 'susan', '--password-stdin'], ['remove', 'susan']]) {
    t.match(await users(folder, args, password), { exitCode: 78, err: 'users.htpasswd cannot be used (EISDIR): look at its owner and mode, at those of its directory, and at the room on the disk\n' })
  }
})

t.test('a lock that nobody gives back is exit code 78', async t => {
  const dir = t.testdir({ [label]: `susan:${bcrypt}\n`, [`${label}.lock`]: t.fixture('symlink', 'elsewhere') })
  const times = [0]
  t.capture(performance, 'now', () => times.shift() ?? 60_000)
  t.match(await users(dir, ['remove', 'susan']), { exitCode: 78, err: /^another command is writing .*; if none is, run: rm .*users\.htpasswd\.lock\n$/ })
  t.equal(fileIn(dir), `susan:${bcrypt}\n`)
})

t.test('a user that comes or goes while the password is typed is noticed', async t => {
  const dir = t.testdir({ [label]: '' })
  const meanwhile = (file: string) => Readable.from((function * () {
    writeFileSync(join(dir, label), file)
    yield Buffer.from(password)
  })())
  t.match(await answered(dir, ['add', 'susan', '--password-stdin'], meanwhile(`susan:${bcrypt}\n`)), { exitCode: 1, err: /has a user of this name/ })
  t.match(await answered(dir, ['passwd', 'susan', '--password-stdin'], meanwhile('')), { exitCode: 1, err: /has no user of this name/ })
  t.equal(fileIn(dir), '')
})

t.test('a file at fault can be put right', async t => {
  const dir = t.testdir({ [label]: 'susan:$apr1$QnDD6wyS$k56RqelHV2eStDnG6qe7P/\nbroken\n' })
  t.match(await users(dir, ['passwd', 'susan', '--password-stdin'], password), { exitCode: 0, err: /^a broker does not take the file as it is now:\nusers.htpasswd:2 .*\n$/ })
  t.match(await users(dir, ['remove', 'broken']), { exitCode: 0, err: '' })
  t.match(await users(dir, ['check', 'susan', '--password-stdin'], password), { exitCode: 0 })
})

/** What a person types at a terminal; control characters as keys. */
function terminal (keys: string) {
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => modes.push(mode) })
  stdin.write(keys)
  return { stdin, modes }
}

t.test('at a terminal a new password is asked for twice, without being shown', async t => {
  const dir = t.testdir()
  const { stdin, modes } = terminal(`${password}x\x7f\r${password}\r`)
  t.same(await answered(dir, ['add', 'susan'], stdin), { exitCode: 0, out: 'added susan to users.htpasswd\n', err: 'New password: \nThe same again: \n' })
  t.same(modes, [true, false])
  const check = terminal(`${password}\r`)
  t.same(await answered(dir, ['check', 'susan'], check.stdin), { exitCode: 0, out: 'that is the password of susan\n', err: 'Password: \n' })
  t.same(check.modes, [true, false])
})

t.test('at a terminal nothing is changed when the passwords differ or the questions are not answered', async t => {
  const dir = t.testdir({ [label]: `susan:${bcrypt}\n` })
  const aborted = /\naborted; nothing was changed\n$/
  const rows: Array<[what: string, keys: string, exitCode: number, says: RegExp]> = [
    ['different', `${password}\r${password}x\r`, 2, /\nthese are two different passwords; nothing was changed\n$/],
    ['Ctrl-C', 'corr\x03', 130, aborted],
    ['Ctrl-C at the second', `${password}\rcorr\x03`, 130, aborted],
    ['Ctrl-D', '\x04', 130, aborted]
  ]
  for (const [what, keys, exitCode, says] of rows) {
    const { stdin, modes } = terminal(keys)
    t.match(await answered(dir, ['passwd', 'susan'], stdin), { exitCode, out: '', err: says }, what)
    t.same(modes, [true, false], 'the terminal is given back')
  }
  const { stdin } = terminal('')
  stdin.end()
  t.match(await answered(dir, ['check', 'susan'], stdin), { exitCode: 130, err: aborted })
  t.equal(fileIn(dir), `susan:${bcrypt}\n`)
})

t.test('a fault of ours is no exit code', async t => {
  const fault = new TypeError('ours')
  const io = { env: {}, cwd: t.testdir(), stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const command = usersCommand(io, () => { throw fault }, () => t.fail('an exit code'))
  await t.rejects(command.parseAsync(['list'], { from: 'user' }), fault)
})

const script = fileURLToPath(new URL('../helpers/users-cli.ts', import.meta.url))
/** As this process, but without the parts of tap that a child does not need: they take seconds. */
const nodeArgs = process.execArgv.filter(arg => !/processinfo|tapjs.mock/.test(arg))
const inProcess = (file: string, args: string[]) => [...nodeArgs, script, file, ...args]
const env = { PATH: process.env.PATH, TS_NODE_TRANSPILE_ONLY: '1' }

/** Runs a command in a process of its own. */
async function usersProcess (t: Test, file: string, args: string[], input: string) {
  const child = spawn(process.execPath, inProcess(file, args), { env, stdio: ['pipe', 'ignore', 'pipe'] })
  t.teardown(() => child.kill())
  child.stdin.end(input)
  const [err, exitCode] = await Promise.all([text(child.stderr), new Promise(resolve => child.once('close', resolve))])
  return { exitCode, err }
}

t.test('two commands at once lose nothing', async t => {
  const file = join(t.testdir(), label)
  const answers = await Promise.all(['susan', 'juan'].map(name => usersProcess(t, file, ['add', name, '--password-stdin'], password)))
  t.same(answers, [{ exitCode: 0, err: '' }, { exitCode: 0, err: '' }])
  t.same(readFileSync(file, 'utf8').match(/^\w+(?=:)/gm)?.sort(), ['juan', 'susan'])
})

t.test('a full disk leaves the file as it was', { skip: process.platform === 'win32' && 'there is no ulimit' }, async t => {
  // Blocks of 512 bytes. Node itself writes a compile cache of some megabytes, which has to fit.
  const limit = 8192
  const before = `juan:${bcrypt}\n`.repeat(90_000)
  const dir = t.testdir({ [label]: before })
  const args = inProcess(join(dir, label), ['add', 'susan', '--password-stdin'])
  const { status, stderr } = spawnSync('sh', ['-c', `ulimit -f ${limit} && exec "$@"`, 'sh', process.execPath, ...args], { env, input: password, encoding: 'utf8' })
  t.match({ status, stderr }, { status: 78, stderr: /cannot be used \(EFBIG\): .* room on the disk\n$/ })
  t.equal(fileIn(dir), before)
  t.same(readdirSync(dir), [label])
})

t.test('a real terminal does not show the password', { skip: spawnSync('script', ['--version']).error && 'script (util-linux) is not installed' }, async t => {
  const file = join(t.testdir(), label)
  const quoted = [process.execPath, ...inProcess(file, ['add', 'susan'])].map(arg => `'${arg}'`).join(' ')
  const child = spawn('script', ['-qec', quoted, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', text => { shown += text })
  const closed = new Promise(resolve => child.once('close', resolve))
  for (const question of ['New password: ', 'The same again: ']) {
    await until(() => shown.endsWith(question), 60_000)
    child.stdin.write(`${password}\r`)
  }
  t.equal(await closed, 0)
  t.match(shown, /added susan to/)
  t.notMatch(shown, 'correct')
  t.match(readFileSync(file, 'utf8'), /^susan:/)
})
