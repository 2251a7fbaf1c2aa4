import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { usersCommand } from '../../src/cli/users/command.js'
import { inProcess } from '../helpers/in-process.js'
import { verifyHash } from '../helpers/in-thread.js'
import { answered, bcrypt, fileIn, password, users } from '../helpers/users-command.js'
import { label } from '../helpers/users-file.js'

t.test('a user is added, checked, given another password and removed', async t => {
  const dir = t.testdir()
  t.same(await users(dir, ['add', 'susan', '--password-stdin'], `${password}\nmore`), { exitCode: 0, out: 'added susan to users.htpasswd\n', err: '' })
  t.match(fileIn(dir), /^susan:\$argon2id\$v=19\$m=19456,t=2,p=1\$\S+\n$/)
  t.equal(statSync(join(dir, label)).mode & 0o777, 0o600)
  t.same(await users(dir, ['check', 'susan', '--password-stdin'], password), { exitCode: 0, out: 'this is the password of susan\n', err: '' })
  t.same(await users(dir, ['check', 'susan', '--password-stdin'], 'x'), { exitCode: 1, out: '', err: 'this is not the password of susan\n' })

  t.same(await users(dir, ['passwd', 'susan', '--password-stdin'], 'another password\r\n'), { exitCode: 0, out: 'susan has a new password in users.htpasswd\n', err: '' })
  t.match(await users(dir, ['check', 'susan', '--password-stdin'], password), { exitCode: 1 })
  t.match(await users(dir, ['check', 'susan', '--password-stdin'], 'another password'), { exitCode: 0 })

  t.same(await users(dir, ['remove', 'susan']), {
    exitCode: 0,
    out: 'removed susan from users.htpasswd\n',
    err: 'the broker would refuse the file as it is now:\nusers.htpasswd has no users; add a user: npx twilio-token-broker users add NAME\n'
  })
  t.equal(fileIn(dir), '')
})

t.test('the answer is no, with exit code 1', async t => {
  const dir = t.testdir({ [label]: `# ours\nsusan:${bcrypt}\n` })
  const rows: Array<{ args: string[], err: RegExp }> = [
    {
      args: ['add', 'susan', '--password-stdin'],
      err: /^users.htpasswd already has a user of this name \(case does not count\); for a new password, run: npx twilio-token-broker users passwd NAME\n$/
    },
    { args: ['add', 'SUSAN', '--password-stdin'], err: /^users.htpasswd already has a user of this name/ },
    {
      args: ['passwd', 'martha', '--password-stdin'],
      err: /^users.htpasswd has no user of this name; to see all, run: npx twilio-token-broker users list\n$/
    },
    { args: ['passwd', 'Susan', '--password-stdin'], err: /^users.htpasswd has no user of this name; did you mean susan\?\n$/ },
    { args: ['remove', 'juan'], err: /^users.htpasswd has no user of this name/ },
    { args: ['remove', 'Susan'], err: /did you mean susan/ },
    { args: ['check', 'juan', '--password-stdin'], err: /^users.htpasswd has no user of this name/ },
    { args: ['check', 'susan', '--password-stdin'], err: /^this is not the password of susan\n$/ }
  ]
  for (const { args, err } of rows) t.match(await users(dir, args, 'wrong password'), { exitCode: 1, out: '', err }, args.join(' '))
  t.equal(fileIn(dir), `# ours\nsusan:${bcrypt}\n`)
})

t.test('a call that is not understood is exit code 2, and says the rule', async t => {
  const dir = t.testdir()
  const rows: Array<{ args: string[], input: string | Buffer, err: RegExp }> = [
    { args: ['add', 'a:b', '--password-stdin'], input: password, err: /^a name holds none of : \* \{ \}\n$/ },
    { args: ['add', ' susan', '--password-stdin'], input: password, err: /^a name has no blank at either end\n$/ },
    { args: ['add', '#susan', '--password-stdin'], input: password, err: /^a name in a users file must not begin with #/ },
    { args: ['add', '', '--password-stdin'], input: password, err: /^a name has 1 to 121 characters\n$/ },
    {
      args: ['add', 'susan', '--password-stdin'],
      input: '1234567',
      err: /^a password has at least 8 characters; --allow-short takes fewer\n$/
    },
    { args: ['add', 'susan', '--password-stdin', '--allow-short'], input: '\nsecond line', err: /^a password has 1 to 1024 bytes/ },
    { args: ['add', 'susan', '--password-stdin'], input: 'x'.repeat(10_000), err: /^a password has 1 to 1024 bytes/ },
    { args: ['add', 'susan', '--password-stdin'], input: Buffer.from('passw\xf6rd!', 'latin1'), err: /^standard input is not UTF-8\n$/ },
    {
      args: ['add', 'susan'],
      input: password,
      err: /^standard input is not a terminal, so nothing can be asked; give the password with --password-stdin\n$/
    },
    { args: ['add'], input: '', err: /missing required argument 'name'/ },
    { args: ['add', 'susan', 'secret'], input: '', err: /too many arguments/ },
    { args: ['delete', 'susan'], input: '', err: /unknown command/ },
    { args: [], input: '', err: /Usage: users/ }
  ]
  for (const { args, input, err } of rows) t.match(await users(dir, args, input), { exitCode: 2, out: '', err }, args.join(' '))
  t.notOk(existsSync(join(dir, label)))
  t.match(await users(dir, ['add', '--help']), { exitCode: 0, out: /--password-stdin +read the password/, err: '' })
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
    { name: 'susan', input: password, exitCode: 0, answer: { name: 'susan', known: true, correct: true } },
    { name: 'susan', input: 'wrong', exitCode: 1, answer: { name: 'susan', known: true, correct: false } },
    { name: 'juan', input: password, exitCode: 1, answer: { name: 'juan', known: false, correct: false } }
  ]
  for (const { name, input, exitCode, answer } of rows) {
    const { out, ...rest } = await users(dir, ['check', name, '--json', '--password-stdin'], input)
    t.same(rest, { exitCode, err: '' })
    t.same(JSON.parse(out), answer)
  }
})

t.test('a file that cannot be used is exit code 78, and says what to do', async t => {
  const missing = t.testdir()
  for (const args of [['list'], ['check', 'susan', '--password-stdin']]) {
    t.has(await users(missing, args), { exitCode: 78, out: '', err: 'users.htpasswd is missing; add a user: npx twilio-token-broker users add NAME\n' })
  }
  const bad = t.testdir({ [label]: 'a\nb\n' })
  t.match(await users(bad, ['list']), { exitCode: 78, err: /^users.htpasswd:1 .*\nusers.htpasswd:2 .*\n$/ })
  const folder = t.testdir({ [label]: {} })
  for (const args of [['add', 'susan', '--password-stdin'], ['passwd', 'susan', '--password-stdin'], ['remove', 'susan']]) {
    t.has(await users(folder, args, password), { exitCode: 78, err: 'users.htpasswd cannot be used (EISDIR): check its owner and mode, those of its directory, and the free space on the disk\n' })
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
  t.match(await answered(dir, ['add', 'susan', '--password-stdin'], meanwhile(`susan:${bcrypt}\n`)), { exitCode: 1, err: /already has a user of this name/ })
  t.match(await answered(dir, ['passwd', 'susan', '--password-stdin'], meanwhile('')), { exitCode: 1, err: /has no user of this name/ })
  t.equal(fileIn(dir), '')
})

t.test('a file at fault can be put right', async t => {
  const dir = t.testdir({ [label]: 'susan:$apr1$QnDD6wyS$k56RqelHV2eStDnG6qe7P/\nbroken\n' })
  t.match(await users(dir, ['passwd', 'susan', '--password-stdin'], password), { exitCode: 0, err: /^the broker would refuse the file as it is now:\nusers.htpasswd:2 .*\n$/ })
  t.has(await users(dir, ['remove', 'broken']), { exitCode: 0, err: '' })
  t.match(await users(dir, ['check', 'susan', '--password-stdin'], password), { exitCode: 0 })
})

t.test('a fault of ours is no exit code', async t => {
  const fault = new TypeError('ours')
  const io = { env: {}, cwd: t.testdir(), stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const command = usersCommand(io, () => { throw fault }, () => t.fail('an exit code'))
  await t.rejects(command.parseAsync(['list'], { from: 'user' }), fault)
})

t.test('users hash prints a hash that a database of users can hold, and touches no file', async t => {
  const dir = t.testdir({ '.env': 'LOGIN_URL=https://app.example.com/login\n' })
  const { exitCode, out, err } = await users(dir, ['hash', '--password-stdin'], `${password}\nmore`)
  t.has({ exitCode, err }, { exitCode: 0, err: '' })
  t.match(out, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$\S+\n$/)
  t.equal(await verifyHash(out.trim(), password), true)
  t.equal(await verifyHash(out.trim(), `${password}\n`), false)
  t.not((await users(dir, ['hash', '--password-stdin'], password)).out, out, 'each has its own salt')
  t.throws(() => fileIn(dir), { code: 'ENOENT' })
  t.match(await users(dir, ['hash', '--password-stdin'], 'short'), { exitCode: 2, out: '', err: /^a password has at least 8 characters; --allow-short takes fewer\n$/ })
  t.match(await users(dir, ['hash', '--password-stdin', '--allow-short'], 'short'), { exitCode: 0 })
  t.match(await users(dir, ['hash'], password), { exitCode: 2, out: '', err: /not a terminal, so nothing can be asked; give the password with --password-stdin/ })
  t.has(await inProcess(['users', 'hash', '--password-stdin'], { cwd: dir, stdin: Readable.from([password]) }), { code: 0, err: '' }, 'no word of a users file')
})
