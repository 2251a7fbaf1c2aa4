import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { chmod } from '../../src/files/mode.js'
import { complete, secrets, startBroker, susan } from '../helpers/broker.js'
import { application, settings as given } from '../helpers/embedded.js'
import { ask } from '../helpers/http.js'
import { first, secure } from '../helpers/https.js'
import { inProcess } from '../helpers/in-process.js'
import { openFiles } from '../helpers/open-files.js'
import { pluginText } from '../helpers/plugin.js'
import { until } from '../helpers/until.js'

// A hash of a usual cost, since a cheap one is a warning.
const users = 'susan:$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa\n'
const policy = 'rules: [{ who: [susan], allow: { video: {}, fax: {} } }]\n'

/** A plugin that leaves a file where it ran. */
const tracing = (folder: string) => `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(join(folder, 'ran'))}, '')\n${pluginText()}`
const files = { '.env': 'POLICY_FILE=policy.yaml\nPRODUCTS=video,./fax.mjs\n', 'users.htpasswd': users, 'policy.yaml': policy, secret: `${secrets.keySecret}\n`, ...first }
const settings = { ...complete, AUDIT_LOG: 'stdout', TWILIO_API_KEY_SECRET: '', TWILIO_API_KEY_SECRET_FILE: 'secret', ...secure }

/** Of another name each time, as Node loads the same file once. */
function emptyFolder (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'modes-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

/** All files that say what a broker does, each with the strictest mode. */
function folderOf (t: Test, more: Record<string, string> = {}): string {
  const folder = emptyFolder(t)
  for (const [name, text] of Object.entries({ ...files, 'fax.mjs': tracing(folder), ...more })) writeFileSync(join(folder, name), text, { mode: 0o600 })
  return folder
}

const writable: Array<{ file: string, mistake: string }> = [
  { file: '.env', mistake: 'everyone may write .env; run: chmod o= .env' },
  { file: 'policy.yaml', mistake: 'everyone may write policy.yaml; run: chmod o-w policy.yaml' },
  { file: 'users.htpasswd', mistake: 'everyone may write users.htpasswd; run: chmod g-w,o= users.htpasswd' },
  { file: 'secret', mistake: 'everyone may write secret, which TWILIO_API_KEY_SECRET_FILE names; run: chmod o-w secret' },
  { file: 'cert.pem', mistake: 'everyone may write cert.pem, which TLS_CERT_FILE names; run: chmod o-w cert.pem' },
  { file: 'key.pem', mistake: 'everyone may write key.pem, which TLS_KEY_FILE names; run: chmod o-w key.pem' },
  { file: 'fax.mjs', mistake: 'PRODUCTS: the plugin ./fax.mjs cannot be loaded: everyone may write ./fax.mjs; run: chmod o-w ./fax.mjs' }
]

t.test('S22: a file that everyone may write is refused, with the command that mends it', async t => {
  for (const { file, mistake } of writable) {
    const cwd = folderOf(t)
    chmodSync(join(cwd, file), 0o666)
    const { code, err } = await inProcess(['check'], { cwd, env: settings })
    t.has({ code, mistakes: err.split('\n').filter(line => !line.endsWith('(a warning)') && line !== '') }, { code: 78, mistakes: [mistake] }, file)
    t.equal(existsSync(join(cwd, 'ran')), file === 'users.htpasswd', `${file}: the plugin does not run`)
    const started = await inProcess(['start'], { cwd, env: { ...settings, LOG_LEVEL: 'silent' } })
    t.has({ code: started.code, mistake: started.err.split('\n')[1] }, { code: 78, mistake: `  ${mistake}` }, file)

    execFileSync('sh', ['-c', /run: (.*)$/.exec(mistake)![1]!], { cwd })
    t.match(await inProcess(['check'], { cwd, env: settings }), { code: 0 }, `${file}: the command mends it`)
    t.ok(existsSync(join(cwd, 'ran')))
  }
})

t.test('the command works for every name of a file', async t => {
  const cwd = t.testdir()
  for (const name of ['a', '-a', 'a b', 'it\'s', '$HOME', '*', 'a;b', '"']) {
    writeFileSync(join(cwd, name), '')
    chmodSync(join(cwd, name), 0o666)
    execFileSync('sh', ['-c', chmod('o-w', name).replace('run: ', '')], { cwd })
    t.equal(execFileSync('stat', ['-c', '%a', '--', name], { cwd, encoding: 'utf8' }).trim(), '664', name)
  }
})

t.test('a package that everyone may write is refused, too', async t => {
  const cwd = t.testdir({ node_modules: { '@example': { fax: { 'package.json': '{"name":"@example/fax","type":"module","exports":"./fax.js"}', 'fax.js': 'throw new Error("it ran")' } } } })
  const file = join(cwd, 'node_modules/@example/fax/fax.js')
  chmodSync(file, 0o646)
  const { err } = await inProcess(['check'], { cwd, env: { ...complete, PRODUCTS: '@example/fax' } })
  t.match(err, `PRODUCTS: the plugin @example/fax cannot be loaded: everyone may write ${file}; run: chmod o-w ${file}\n`)
})

t.test('the file is judged, and not a link to it or its folder', async t => {
  const cwd = folderOf(t)
  mkdirSync(join(cwd, 'shared'))
  for (const name of ['.env', 'policy.yaml', 'secret', 'fax.mjs']) {
    renameSync(join(cwd, name), join(cwd, 'shared', name))
    symlinkSync(join('shared', name), join(cwd, name))
  }
  chmodSync(join(cwd, 'shared'), 0o777)
  t.has(await inProcess(['check'], { cwd, env: settings }), { code: 0, err: '' })
  chmodSync(join(cwd, 'shared/.env'), 0o666)
  t.match(await inProcess(['check'], { cwd, env: settings }), { code: 78, err: /^everyone may write \.env; run: chmod o= \.env$/m })
  execFileSync('chmod', ['o=', '.env'], { cwd })
  t.match(await inProcess(['check'], { cwd, env: settings }), { code: 0 })
})

t.test('what everyone may read is a warning for .env and the users file alone', async t => {
  const cwd = folderOf(t)
  const warned = async (file: string) => {
    chmodSync(join(cwd, file), 0o644)
    const { code, err } = await inProcess(['check'], { cwd, env: settings })
    chmodSync(join(cwd, file), 0o600)
    t.equal(code, 0, file)
    return err
  }
  for (const file of ['policy.yaml', 'secret', 'fax.mjs', 'cert.pem']) t.equal(await warned(file), '', file)
  t.equal(await warned('.env'), 'everyone may read .env; run: chmod o= .env (a warning)\n')
  t.equal(await warned('users.htpasswd'), 'everyone may read users.htpasswd; run: chmod g-w,o= users.htpasswd (a warning)\n')
})

t.test('a .env behind /dev/null is none, and one that is a pipe is refused at once', async t => {
  const cwd = t.testdir({ 'users.htpasswd': users })
  symlinkSync('/dev/null', join(cwd, '.env'))
  chmodSync(join(cwd, 'users.htpasswd'), 0o600)
  t.match(await inProcess(['check'], { cwd, env: { ...complete, AUDIT_LOG: 'stdout' } }), { code: 0 })
  rmSync(join(cwd, '.env'))
  execFileSync('mkfifo', ['.env'], { cwd })
  t.match(await inProcess(['check'], { cwd, env: complete }), { code: 78, err: /^\.env cannot be read; check that it is a file/m })
  rmSync(join(cwd, '.env'))
  symlinkSync('.env', join(cwd, '.env'))
  t.match(await inProcess(['check'], { cwd, env: complete }), { code: 78, err: /^\.env cannot be read; check that it is a file/m }, 'and a link to itself')
})

t.test('a secret may come by a pipe that has an end, also where plugins are loaded', async t => {
  const cwd = folderOf(t, { secret: '' })
  rmSync(join(cwd, 'secret'))
  execFileSync('mkfifo', ['-m', '600', 'secret'], { cwd })
  const pipe = await open(join(cwd, 'secret'), 'r+')
  await pipe.write(`${secrets.keySecret}\n`)
  const checked = inProcess(['check'], { cwd, env: settings })
  await until(() => openFiles(cwd).filter(file => file.endsWith('secret')).length === 2)
  await pipe.close()
  t.match(await checked, { code: 0 })
  t.ok(existsSync(join(cwd, 'ran')))
  const silent = await open(join(cwd, 'secret'), 'r+')
  t.match(await inProcess(['check'], { cwd, env: settings }), { code: 78, err: /^TWILIO_API_KEY_SECRET_FILE names a file that cannot be read/m })
  await silent.close()
  rmSync(join(cwd, 'secret'))
  mkdirSync(join(cwd, 'secret'))
  t.match(await inProcess(['check'], { cwd, env: settings }), { code: 78, err: /^TWILIO_API_KEY_SECRET_FILE names a file that cannot be read/m }, 'a folder')
})

const wrongs: Array<{ title: string, env?: Record<string, string>, files?: Record<string, string>, mistakes: RegExp[] }> = [
  { title: 'a setting', env: { PORT: 'x' }, mistakes: [/^PORT must be/] },
  { title: 'a secret that is missing', env: { TWILIO_API_KEY_SECRET_FILE: '' }, mistakes: [/^TWILIO_API_KEY_SECRET is missing/] },
  { title: 'a line of .env', files: { '.env': `${files['.env']}TOKEN_TTL: 600\n` }, mistakes: [/^\.env:3 this line is not/] },
  { title: 'another product', env: { PRODUCTS: './fax.mjs,vido' }, mistakes: [/^PRODUCTS: entry 2 is no product/] },
  { title: 'another plugin', env: { PRODUCTS: './fax.mjs,./missing.mjs' }, mistakes: [/^PRODUCTS: the plugin \.\/missing\.mjs cannot be loaded: its file cannot be read \(ENOENT\)$/] },
  { title: 'a setting of another product', env: { PRODUCTS: 'chat,./fax.mjs', TWILIO_CHAT_SERVICE_SID: 'x' }, mistakes: [/^TWILIO_CHAT_SERVICE_SID must be/] },
  { title: 'the policy', files: { 'policy.yaml': 'rules: [{ who: [susan], allow: { video: { room: [a] }, fax: { lines: 2 } } }]\n' }, mistakes: [/^policy\.yaml:1:/] },
  { title: 'a policy that is missing', env: { POLICY_FILE: 'missing.yaml' }, mistakes: [/^missing\.yaml cannot be read/] },
  { title: 'the certificate', env: { TLS_CERT_FILE: 'missing.pem' }, mistakes: [/^TLS_CERT_FILE names a file that cannot be read/] },
  { title: 'much at once', env: { PORT: 'x', TOKEN_TTL: '1' }, files: { 'policy.yaml': 'rules: []\n' }, mistakes: [/^TOKEN_TTL must/, /^PORT must/, /^policy\.yaml:1:8 /] }
]

t.test('S23: no code of a plugin runs for settings that have another mistake', async t => {
  for (const { title, env = {}, files: changed = {}, mistakes } of wrongs) {
    const cwd = folderOf(t, changed)
    const { code, out } = await inProcess(['check', '--json'], { cwd, env: { ...settings, ...env } })
    t.match({ code, ...JSON.parse(out) }, { code: 78, right: false, warnings: [/^PRODUCTS: the plugin \.\/fax\.mjs is loaded and checked once nothing else is wrong$/] }, title)
    t.strictSame(JSON.parse(out).mistakes.length, mistakes.length, `${title}: ${out}`)
    for (const mistake of mistakes) t.ok(JSON.parse(out).mistakes.some((line: string) => mistake.test(line)), `${title}: ${mistake}`)
    for (const args of [['start'], ['mint', 'fax', '--identity', 'susan'], ['inspect', 'x'], ['policy', 'schema']]) {
      // These read neither the policy nor the certificate.
      if (args[0] === 'start' || !/policy|certificate/.test(title)) await inProcess(args, { cwd, env: { ...settings, LOG_LEVEL: 'silent', ...env } })
    }
    t.notOk(existsSync(join(cwd, 'ran')), title)
  }
  const cwd = folderOf(t)
  t.match(await inProcess(['check'], { cwd, env: settings }), { code: 0, out: /^settings and files are right; enabled: video, fax\nsessions are signed by key [0-9a-f]{8}\n$/, err: '' })
  t.ok(existsSync(join(cwd, 'ran')), 'and it does for right ones')
})

t.test('the policy is not checked while plugins are not loaded', async t => {
  const cwd = folderOf(t)
  const { code, err } = await inProcess(['policy', 'check'], { cwd, env: { ...settings, PORT: 'x' } })
  t.match({ code, err }, { code: 78, err: /^PORT must be.*\nPRODUCTS names plugins. Correct these mistakes first: plugins are only loaded with valid settings\n$/ })
  t.has(await inProcess(['policy', 'check'], { cwd, env: settings }), { code: 0, out: 'policy.yaml is right\n' })
})

t.test('a reload refuses the same files, and loads no plugin for settings that have another mistake', async t => {
  const unset = { TWILIO_API_KEY_SECRET: '', ...secure }
  const right = 'TWILIO_API_KEY_SECRET_FILE=secret\nPOLICY_FILE=policy.yaml\n'
  const broker = await startBroker({ settings: unset, files: { '.env': right, secret: secrets.keySecret, 'policy.yaml': policy.replace(', fax: {}', ''), ...first } })
  t.teardown(broker.close)
  const count = (text: string) => broker.log().split(text).length - 1
  await broker.write('fax.mjs', tracing(broker.folder))
  for (const { file, mistake } of writable.filter(({ file }) => ['.env', 'policy.yaml', 'secret', 'users.htpasswd', 'cert.pem'].includes(file))) {
    chmodSync(join(broker.folder, file), 0o666)
    await broker.reload()
    t.ok(count(mistake.replace(/;.*/, '')) >= 1, file)
    chmodSync(join(broker.folder, file), 0o600)
    await broker.reload()
  }
  chmodSync(join(broker.folder, 'policy.yaml'), 0o666)
  await until(() => count('settings not taken, the old ones stay: everyone may write policy.yaml') === 2)
  chmodSync(join(broker.folder, 'policy.yaml'), 0o600)

  await broker.write('.env', `${right}PRODUCTS=video,./fax.mjs\nTOKEN_TTL=1\n`)
  await until(() => count('settings not taken, the old ones stay: TOKEN_TTL must be') === 1)
  t.notOk(existsSync(join(broker.folder, 'ran')))
  await broker.write('.env', `${right}PRODUCTS=video,./fax.mjs\nTOKEN_TTL=600\n`)
  await until(() => existsSync(join(broker.folder, 'ran')))
})

t.test('inside an application no plugin is loaded beside another mistake', async t => {
  const folder = emptyFolder(t)
  writeFileSync(join(folder, 'fax.mjs'), tracing(folder))
  const PRODUCTS = './fax.mjs'
  const wrong: Array<Record<string, string | number>> = [{ HOST: '0.0.0.0' }, { TOKEN_TTL: 1 }, { TWILIO_ACCOUNT_SID: '' }, { FAX_LINE: '1', TOKEN_TTL: 1 }]
  for (const own of wrong) {
    const refused: unknown = await application({ brokers: [{ cwd: folder, settings: { ...given, PRODUCTS, ...own } }] }).then(({ close }) => close(), (error: unknown) => error)
    t.match((refused as { mistakes: string[] }).mistakes, { length: 1 }, 'and what may be a plugin\'s setting is no mistake yet')
    t.notOk(existsSync(join(folder, 'ran')))
  }
  await t.rejects(application({ brokers: [{ cwd: folder, settings: { ...given, PRODUCTS, FAX_LINE: '1' } }] }), { message: 'FAX_LINE is not a setting' })
  const { close, url } = await application({ brokers: [{ cwd: folder, settings: { ...given, PRODUCTS } }] })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: '/twilio/token/fax' })).status, 200)
})
