import { execFile, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { hashPassword } from '../../src/callers/passwords/formats.js'
import { serve } from '../../src/cli/start.js'
import { built } from '../console/built.js'
import { basic, cheapHash, complete, secrets, susan } from '../helpers/broker.js'
import { command } from '../helpers/command.js'
import { ask } from '../helpers/http.js'
import { inProcess } from '../helpers/in-process.js'
import { installed } from '../helpers/installed.js'

const run = promisify(execFile)
const settings = { ...complete, AUDIT_LOG: 'stdout' }
const listening = /"url":"(http:[^"]+)"/

/** What the demos of a test leave behind. Other tests run demos at the same time, so these have a place of their own. */
function ownPlace (t: Test) {
  const TMPDIR = mkdtempSync(join(tmpdir(), 'broker-demo-'))
  t.teardown(() => rmSync(TMPDIR, { recursive: true }))
  return { TMPDIR, left: () => readdirSync(TMPDIR).filter(name => name.startsWith('twilio-token-broker-demo-')) }
}

t.test('a start with mistakes says all of them, serves nothing, and exits with 78', async t => {
  const broken = await inProcess([], { cwd: t.testdir(), env: { ...settings, TWILIO_API_KEY_SID: '', TWILIO_API_KEY: secrets.keySid, PORT: 'x', HOST: '0.0.0.0', LOG_LEVEL: 'loud' } })
  t.has(broken, { code: 78, out: '' })
  for (const mistake of [
    /^The broker cannot start:$/m,
    /^ {2}TWILIO_API_KEY_SID is missing: TWILIO_API_KEY is not a setting; did you mean TWILIO_API_KEY_SID\?$/m,
    /^ {2}PORT must be a whole number/m,
    /^ {2}HOST is not a loopback address/m,
    /^ {2}LOG_LEVEL must be trace/m,
    /^ {2}users\.htpasswd is missing; .*users add/m
  ]) t.match(broken.err, mistake)
  t.notMatch(broken.err, new RegExp(`${secrets.keySid}|${secrets.keySecret}`))
})

t.test('without a .env, start and check name init', async t => {
  const dir = t.testdir({ none: {}, some: { '.env': 'PORT=0\n' } })
  const hint = /\nThere is no \.env here\. To write one and add a first user, run: npx twilio-token-broker init\n$/
  for (const command of ['start', 'check']) {
    t.match(await inProcess([command], { cwd: join(dir, 'none') }), { code: 78, out: '', err: hint }, command)
    for (const [where, env] of [['some', {}], ['none', { ...settings, PORT: 'x' }]] as const) {
      const { code, err } = await inProcess([command], { cwd: join(dir, where), env })
      t.equal(code, 78)
      t.notMatch(err, /no \.env here/, `${command}, ${where}`)
    }
  }
})

t.test('what a .env seems to hold and could not be read is one mistake, and not missing as well', async t => {
  const sids = `TWILIO_ACCOUNT_SID=${secrets.accountSid}\nTWILIO_API_KEY_SID=${secrets.keySid}\n`
  const rows: Array<{ file: string | Buffer, env?: Record<string, string>, mistakes: RegExp[], warnings?: RegExp[] }> = [
    { file: `${sids}TWILIO_API_KEY_SECRET: ${secrets.keySecret}\n`, mistakes: [/^\.env:3 this line is not an assignment/], warnings: [/^POLICY_FILE is not set/] },
    { file: `${sids}export TWILIO_API_KEY_SECRET="${secrets.keySecret}\n`, mistakes: [/^\.env:3 the closing quote is missing/], warnings: [/^POLICY_FILE is not set/] },
    { file: `${sids}TWILIO_API_KEY_SECRET=${secrets.keySecret}\nDATABASE_URL=postgres://x/y\nUSERS_QUERY="SELECT\nx"\nPOLICY_FILE: policy.yaml\n`, mistakes: [/^\.env:5 the closing quote/, /^\.env:7 this line is not/] },
    { file: `${sids}TWILIO_API_KEY_SECRET=${secrets.keySecret}\nPRODUCTS=conversations\nTWILIO_CONVERSATIONS_SERVICE_SID: IS\n`, mistakes: [/^\.env:5 this line is not/], warnings: [/^POLICY_FILE is not set/] },
    { file: `${sids}: ${secrets.keySecret}\n`, mistakes: [/^\.env:3 this line/, /^TWILIO_API_KEY_SECRET is missing; /], warnings: [/^POLICY_FILE is not set/] },
    { file: `${sids}TWILIO_API_KEY_SECRET: x\n`, env: { TWILIO_API_KEY_SECRET: secrets.keySecret }, mistakes: [/^\.env:3 this line/], warnings: [/^POLICY_FILE is not set/] },
    { file: Buffer.from(sids, 'utf16le'), mistakes: [/^\.env is not UTF-8/] }
  ]
  const users = `susan:${await hashPassword('secret123')}\n`
  for (const { file, env = {}, mistakes, warnings = [] } of rows) {
    const cwd = t.testdir({ '.env': file, 'users.htpasswd': users })
    chmodSync(join(cwd, 'users.htpasswd'), 0o600)
    chmodSync(join(cwd, '.env'), 0o600)
    const said = JSON.parse((await inProcess(['check', '--json'], { cwd, env })).out) as Record<'mistakes' | 'warnings', string[]>
    for (const [name, expected] of Object.entries({ mistakes, warnings })) {
      const found = said[name as 'mistakes' | 'warnings']
      t.equal(found.length, expected.length, `${name}: ${found.join(' | ')}`)
      for (const [i, mistake] of expected.entries()) t.match(found[i], mistake)
    }
    t.match((await inProcess(['start'], { cwd, env: { ...env, LOG_LEVEL: 'silent' } })).err.split('\n').length, mistakes.length + 2, 'start says the same')
  }
})

t.test('a port or address that cannot be had is told as the setting it is', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` })
  const { port } = other.address() as AddressInfo
  const taken = new RegExp(`^The broker cannot start:\\n  PORT is taken by another process: 127\\.0\\.0\\.1:${port} is in use\\. .* by PORT or --port\\n$`)
  for (const args of [[], ['start'], ['start', '--'], ['start', '--port', String(port)], ['--port', String(port)]]) {
    const PORT = args.includes('--port') ? '0' : String(port)
    t.match(await inProcess(args, { cwd, env: { ...settings, LOG_LEVEL: 'silent', PORT } }), { code: 78, err: taken }, args.join(' '))
  }
  const { TMPDIR, left } = ownPlace(t)
  const { TMPDIR: usual } = process.env
  t.teardown(() => {
    if (usual === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = usual
  })
  process.env.TMPDIR = TMPDIR
  t.match(await inProcess(['demo', '--port', String(port)], { cwd }), { code: 78, err: taken })
  t.match(await inProcess(['demo'], { cwd, env: { PORT: String(port) } }), { code: 78, err: taken }, 'which the environment may say too')
  t.match(await inProcess(['demo', '--port', '0', '--origin', 'localhost:5173'], { cwd }), { code: 78, err: /CORS_ORIGINS: entry 1 must be one exact origin/ })
  t.strictSame(left(), [], 'and the demo leaves nothing behind')
  t.match(await inProcess(['start'], { cwd, env: { ...settings, LOG_LEVEL: 'silent', HOST: '203.0.113.1', INSECURE_HTTP: 'true' } }),
    { code: 78, err: /HOST is not an address of this machine/ })
  t.match(await inProcess(['start'], { cwd, env: { ...settings, LOG_LEVEL: 'silent', HOST: 'fe80::1', INSECURE_HTTP: 'true' } }),
    { code: 78, err: /HOST and PORT cannot be listened on \(E[A-Z]+\)/ })
})

t.test('a fault of the broker itself is no mistake of the operator', async t => {
  const env = new Proxy({}, { ownKeys: () => { throw new Error('broken') } })
  await t.rejects(inProcess([], { cwd: t.testdir(), env }), { message: 'broken' })
})

t.test('commands explain themselves, and one that does not exist is 2', async t => {
  const help = await inProcess(['--help'], { cwd: t.testdir() })
  t.equal(help.code, 0)
  for (const name of ['start', 'demo', 'users', 'policy']) t.match(help.out, new RegExp(`^ {2}${name}\\b`, 'm'))
  t.match(await inProcess(['strat'], { cwd: t.testdir() }), { code: 2, out: '', err: /^error: strat is not a command; did you mean start\?\n/ })
  t.match(await inProcess(['user', 'add', 'susan'], { cwd: t.testdir() }), { code: 2, out: '', err: /^error: user is not a command; did you mean users\?\n/ })
  for (const port of ['x', '65536', '-1', '1.5', '']) {
    for (const command of ['start', 'demo']) t.match(await inProcess([command, '--port', port], { cwd: t.testdir() }), { code: 2, out: '', err: /--port <port>' argument '.*' is invalid. It must be a whole number from 0 to 65535/ }, `${command} --port ${port}`)
  }
  t.match(await inProcess(['users', 'list', '--json'], { cwd: t.testdir({ '.env': 'USERS_FILE=callers\n', callers: `susan:${await cheapHash('secret123')}\n` }) }),
    { code: 0, out: /"susan"/ })
  t.match(await inProcess(['users', 'list'], { cwd: t.testdir() }), { code: 78, err: /users\.htpasswd/ })
  for (const store of ['LOGIN_URL', 'DATABASE_URL_FILE']) {
    t.match(await inProcess(['users', 'list'], { cwd: t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` }), env: { [store]: 'x' } }),
      { code: 0, out: 'susan\n', err: new RegExp(`^${store.replace('_FILE', '')} is set: .* does not read the users file`) })
  }
  const policed = t.testdir({ 'policy.yaml': 'rules:\n  - who: [susan]\n    allow: { video: { rooms: [lobby] } }\n' })
  t.match(await inProcess(['policy', 'explain', 'susan', 'video'], { cwd: policed, env: { POLICY_FILE: 'policy.yaml' } }), { code: 0, out: /"room":"lobby"/ })
})

t.test('a reader that has had enough is no fault, and a full disk is one', async t => {
  const piped = command(['policy', 'schema'], { cwd: t.testdir() })
  piped.child.stdout.destroy()
  t.equal(await piped.exit, 0)
  t.equal(piped.stderr(), '')
  const bin = fileURLToPath(new URL('../../src/bin.js', import.meta.url))
  const full = spawn(process.execPath, [...process.execArgv, bin, 'policy', 'schema'], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] })
  let stderr = ''
  full.stderr!.on('data', chunk => { stderr += chunk })
  t.strictSame([await once(full, 'close'), stderr], [[1, null], ''])
})

t.test('start --port listens there, whatever PORT says', async t => {
  const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n`, '.env': 'PORT=1\n' })
  const broker = command(['start', '--port', '0'], { cwd, env: { ...settings, PORT: '70000' } })
  t.teardown(() => broker.child.kill('SIGKILL'))
  await broker.shows(listening)
  t.equal((await ask(listening.exec(broker.stderr())![1]!, { as: susan })).status, 200)
  t.equal(await broker.stop(), 0)
})

t.test('start serves until SIGTERM; standard output holds the audit alone', async t => {
  const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` })
  const broker = command(['start'], { cwd, env: settings })
  t.teardown(() => broker.child.kill('SIGKILL'))
  await broker.shows(listening)
  const url = listening.exec(broker.stderr())![1]!
  t.equal((await ask(url, { as: susan })).status, 200)
  t.equal((await ask(url, { as: susan, path: '/token/nope?password=canary-query' })).status, 404)
  t.equal((await ask(url, { path: '/nothing?password=canary-query' })).status, 404)
  broker.child.kill('SIGHUP')
  await broker.shows(/settings taken/)
  t.equal(await broker.stop(), 0)
  t.has(broker.stdout().trim().split('\n').map(line => JSON.parse(line)), [{ event: 'token.issued' }, { event: 'token.refused', code: 'product-unknown' }])
  t.match(broker.stderr(), /"path":"\/nothing","status":404,"code":"not-found"/)
  t.notMatch(broker.stderr(), /product-unknown/, 'the log does not repeat what is in the audit')
  t.notMatch(broker.stderr() + broker.stdout(), /canary-query|secret123/)
})

t.test('on a terminal the log is for people, at once and whole', async t => {
  for (const [env, line] of [[{}, /INFO.*listening/], [{ NO_COLOR: '1' }, /\] INFO: listening\n/]] as const) {
    const stderr = Object.assign(new PassThrough(), { isTTY: true })
    const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` })
    let running: { close (): Promise<void> } | undefined
    await serve({ env: { ...complete, ...env }, cwd, stdin: new PassThrough(), stdout: new PassThrough(), stderr }, started => { running = started })
    await running!.close()
    t.match(String(stderr.read()), line)
  }
})

t.test('O35: an uncaught error is logged, what is under way is answered, and the exit is 1; a second signal ends it at once', async t => {
  const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` })
  const throws = "--import=data:text/javascript,process.on('SIGWINCH',()=>{throw(new(Error)('boom'))})"
  const run = async (SHUTDOWN_DELAY: string) => {
    const broker = command(['start'], { cwd, env: { ...settings, SHUTDOWN_DELAY, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${throws}` } })
    t.teardown(() => broker.child.kill('SIGKILL'))
    await broker.shows(listening)
    return { ...broker, url: listening.exec(broker.stderr())![1]! }
  }
  const [failing, signalled] = await Promise.all([run('6'), run('60')])
  // From then on her password is remembered.
  t.equal((await ask(failing.url, { as: susan })).status, 200)
  failing.child.kill('SIGWINCH')
  await failing.shows(/"level":60,.*boom.*"msg":"uncaught error/)
  t.equal((await ask(failing.url, { method: 'GET', path: '/readyz' })).status, 503)
  t.equal((await ask(failing.url, { as: susan })).status, 200)
  t.equal(await failing.exit, 1)

  signalled.child.kill('SIGTERM')
  await signalled.shows(/"signal":"SIGTERM","msg":"closing"/)
  t.equal(await signalled.stop(), 1)
  t.match(signalled.stderr(), /second SIGTERM, exiting/)
})

t.test('the demo needs nothing, its curl line works as pasted, and the tutorial\'s client gets its token', async t => {
  built()
  const { TMPDIR, left } = ownPlace(t)
  const demo = command(['demo', '--port', '0', '--origin', 'http://localhost:5173'], { cwd: t.testdir(), env: { TWILIO_ACCOUNT_SID: 'nonsense', TMPDIR } })
  t.teardown(() => demo.child.kill('SIGKILL'))
  await demo.shows(/Ctrl-C/)
  t.equal(left().length, 1)
  const [line, password, url] = /curl -u susan:(\S+) (http:\/\/\S+)\/token\/video/.exec(demo.stdout())!
  const { stdout } = await run('bash', ['-c', `${line} --silent`])
  t.match(JSON.parse(stdout), { token: /^eyJ/, identity: 'susan', expiresIn: 3600 })
  t.match(demo.stdout(), new RegExp(`as susan with the password ${password}:\n\n {2}${url}/\n`))
  const asPage = (origin: string) => ask(url!, { as: basic('susan', password!), headers: { Origin: origin } })
  t.has(await asPage('http://localhost:5173'), { status: 200, headers: { 'access-control-allow-origin': 'http://localhost:5173' } })
  t.has(await asPage('http://localhost:5174'), { status: 403, body: { code: 'origin-refused' } }, 'other pages may not ask')
  const page = await fetch(`${url}/`)
  t.match([page.status, await page.text()], [200, /<title>twilio-token-broker<\/title>/])
  const read = (path: string) => fetch(url + path, { headers: { Authorization: basic('susan', password!) } })
  t.equal((await read('/operator.json')).status, 200, 'susan sees all of it')
  t.match(await (await read('/openapi.json')).json(), { 'x-demo': true }, 'the console says that the tokens are not real')

  if (installed('http')) {
    const httpie = (password: string) => run('http', ['--ignore-stdin', '--check-status', 'POST', `${url}/token`, 'username=susan', `password=${password}`])
    t.match(JSON.parse((await httpie(password!)).stdout), { token: /^eyJ/, products: ['conversations', 'sync', 'video', 'voice'] })
    t.match(await httpie('wrong').catch((error: unknown) => error), { code: 4, stdout: /"credentials-wrong"/ })
  }
  t.equal(await demo.stop(), 0)
  t.strictSame(left(), [], 'nothing is left behind')
})
