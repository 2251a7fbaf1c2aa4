import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { basic, startBroker, susan, type AuditLine } from './helpers/broker.js'
import { fuzzed, sendFuzzed } from './helpers/fuzz.js'
import { ask } from './helpers/http.js'
import { brokerProcess, client, issuedIn, issuedInFile, writeUsers, type ProcessOptions } from './helpers/process.js'
import { until } from './helpers/until.js'
import { hashPassword } from '../src/callers/passwords.js'

/** A broker in a process of its own that the test ends, however it ends. */
async function start (t: Test, options: Omit<ProcessOptions, 'cwd'> & { cwd?: string } = {}) {
  const cwd = options.cwd ?? t.testdir()
  if (options.cwd === undefined) await writeUsers(cwd)
  const broker = await brokerProcess({ cwd, ...options })
  t.teardown(() => { if (broker.alive()) return broker.kill('SIGKILL') })
  return Object.assign(broker, { cwd, audit: join(cwd, 'audit.log') })
}

const alive = async (url: string) => (await ask(url, { method: 'GET', path: '/healthz' })).status === 200
const accounted = (t: Test, held: string[], issued: string[]) =>
  t.strictSame(held.filter(token => !issued.includes(token)), [], 'every token that a client holds has its line')

t.test('killed under load, every token that a client holds has its line, and the next start copes with a torn one', async t => {
  const first = await start(t)
  const { token, held } = client(first.url)
  const loads = Array.from({ length: 8 }, async (_, i) => { while (await token(`room-${i}`) !== undefined); })
  await until(() => held.length > 300)
  await first.kill('SIGKILL')
  await Promise.all(loads)
  accounted(t, held, issuedInFile(first.audit))

  appendFileSync(first.audit, '{"time":"2026-11-24T04:00:00.000Z","event":"token.iss')
  const second = await start(t, { cwd: first.cwd })
  const again = client(second.url)
  t.equal(await again.token(), 200)
  await second.kill('SIGTERM')
  accounted(t, [...held, ...again.held], issuedInFile(first.audit))
  const broken = readFileSync(first.audit, 'utf8').split('\n').filter(line => line !== '' && !line.endsWith('}'))
  t.strictSame(broken, ['{"time":"2026-11-24T04:00:00.000Z","event":"token.iss'], 'the torn line spoils no other')
})

t.test('with 256 file descriptors, 400 idle sockets leave it alive, and it serves once they are gone', async t => {
  const broker = await start(t, { before: 'ulimit -n 256' })
  const { hostname, port } = new URL(broker.url)
  const { token, held } = client(broker.url)
  t.equal(await token(), 200)
  const idle = Array.from({ length: 400 }, () => connect(Number(port), hostname).on('error', () => {}))
  t.teardown(() => { for (const socket of idle) socket.destroy() })
  await until(() => idle.every(socket => !socket.connecting))
  await token()
  for (const socket of idle) socket.destroy()
  await until(() => alive(broker.url).catch(() => false), 15_000)
  t.equal(await token(), 200)
  t.ok(broker.alive())
  accounted(t, held, issuedInFile(broker.audit))
})

/**
 * No more than 256 MB that a process may write to, be it touched or only reserved: threads' stacks are therefore smaller, too. Two cores,
 * as each runs a hash of its own.
 */
const inLittleMemory = 'ulimit -s 2048; ulimit -d 262144; taskset -cp 0,1 $$ >/dev/null'
/** As docs/operations.md has them. */
const littleMemory = ['--max-old-space-size=96', '--max-semi-space-size=4', '--v8-pool-size=1']

t.test('200 logins at once that each cost 19 MiB fit into 256 MB', async t => {
  const cwd = t.testdir()
  await writeUsers(cwd, await hashPassword('secret123'))
  const broker = await start(t, { cwd, before: inLittleMemory, nodeArgs: littleMemory, settings: { TRUST_PROXY: '127.0.0.1' } })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(broker.url, {
    // Names that do not exist cost what others do.
    as: i === 199 ? susan : basic(`user-${i}`, 'secret123'),
    headers: { 'X-Forwarded-For': `10.0.0.${i}` }
  })))
  t.equal(answers.filter(({ status }) => status === 401).length, 199)
  t.equal(answers[199]!.status, 200)
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))![1]) / 1000
  t.comment(`at most ${Math.round(peak)} MB`)
  t.ok(peak < 256, `${peak} MB`)
  t.match(readFileSync(`/proc/${broker.pid}/limits`, 'utf8'), /Max data size +268435456 /)
  await broker.kill('SIGTERM')
  t.equal(issuedInFile(broker.audit).length, 1)
  t.equal(readFileSync(broker.audit, 'utf8').match(/"code":"credentials-wrong"/g)?.length, 199)
})

/** Says on standard error, for each SIGWINCH, how many bytes are still in use once all garbage is gone. */
const tellsHeap = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent("process.on('SIGWINCH', () => { gc(); process.stderr.write('heap ' + process.memoryUsage().heapUsed + ' ') })")}`]

t.test('a hundred reloads leave no more memory in use', async t => {
  const broker = await start(t, { nodeArgs: tellsHeap })
  const heaps = () => [...broker.log().matchAll(/heap (\d+) /g)].map(([, bytes]) => Number(bytes))
  const heap = async () => {
    const told = heaps().length
    process.kill(broker.pid, 'SIGWINCH')
    await until(() => heaps().length > told)
    return heaps().at(-1)!
  }
  const reload = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const taken = broker.log().split('settings taken').length
      process.kill(broker.pid, 'SIGHUP')
      await until(() => broker.log().split('settings taken').length > taken)
    }
  }
  // What is made once and kept, such as compiled code.
  await reload(30)
  const before = await heap()
  await reload(100)
  const grown = await heap() - before
  t.comment(`${Math.round(grown / 1000)} KB more after 100 reloads`)
  // A state that stays is 20 KB at the very least; V8's own code and caches come to 10.
  t.ok(grown < 100 * 15_000, `${grown} bytes`)
})

t.test('an hour forward or back on the clock changes no limit, promises no longer wait, and is told', async t => {
  const now = Date.now
  t.teardown(() => { Date.now = now })
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '20', CALLER_LIMIT_MAX: '3' } })
  t.teardown(broker.close)
  const wrong = (i: number) => ask(broker.url, { as: basic('juan', `wrong-${i}`) })
  for (let i = 0; i < 5; i++) t.equal((await wrong(i)).status, 401)
  for (let i = 0; i < 3; i++) t.equal((await ask(broker.url, { as: susan })).status, 200)
  for (const hours of [1, -1]) {
    Date.now = () => now() + hours * 3_600_000
    const guess = await wrong(9)
    t.match(guess, { status: 429, body: { code: 'login-limited' } })
    const wait = Number(guess.headers['retry-after'])
    t.ok(wait > 800 && wait <= 900, `${wait} s`)
    const token = await ask(broker.url, { as: susan })
    t.match(token, { status: 429, body: { code: 'caller-limited' } })
    t.ok(Number(token.headers['retry-after']) <= 60)
  }
  await until(() => /clock was set by -(3600|7200) s/.test(broker.log()))
  for (let i = 0; i < 8; i++) await ask(broker.url)
  const limited = await ask(broker.url)
  t.match(limited, { status: 429, body: { code: 'rate-limited' } })
  t.ok(Number(limited.headers['retry-after']) <= 60)
})

t.test('20 000 fuzzed requests end no process, and are none that the broker did not expect', async t => {
  const uncaught: unknown[] = []
  const note = (error: unknown) => { uncaught.push(error) }
  process.on('uncaughtExceptionMonitor', note)
  t.teardown(() => process.off('uncaughtExceptionMonitor', note))
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '1000000', LOG_LEVEL: 'error' } })
  t.teardown(broker.close)
  await sendFuzzed(broker.url, fuzzed(20, susan), 20_000)
  t.strictSame(uncaught, [])
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  t.notMatch(broker.log(), /request failed|TypeError/, 'nothing that the broker did not expect')
  const lines = await broker.audit()
  t.comment(`${lines.length} lines in the audit`)
  t.ok(lines.some(({ event }) => event === 'token.issued') && lines.length > 1000, `${lines.length} lines in the audit`)
})

/** A full disk, and how it gets room again: a small one of its own, which fills up, and the device that always is. */
const fullDisks: Array<{ says: string, skip?: false | string, open: (t: Test) => { path: string, /** Tokens before it is full, at least. */ first: number, makeRoom: (reload: () => Promise<void>) => unknown } }> = [
  {
    says: 'a disk that fills up',
    skip: !mayMount() && !process.env['CI'] && 'a disk of its own takes the right to mount',
    open (t) {
      const disk = mkdtempSync(join(tmpdir(), 'broker-disk-'))
      mount(disk)
      t.teardown(() => {
        spawnSync('umount', [disk])
        rmdirSync(disk)
      })
      writeFileSync(join(disk, 'another file'), 'x'.repeat(40_000))
      return { path: join(disk, 'audit.log'), first: 5, makeRoom: () => rmSync(join(disk, 'another file')) }
    }
  },
  {
    says: '/dev/full, then a file that has room',
    open (t) {
      const path = join(t.testdir({ 'audit.log': t.fixture('symlink', '/dev/full') }), 'audit.log')
      return {
        path,
        first: 0,
        makeRoom (reload) {
          rmSync(path)
          writeFileSync(path, '')
          return reload()
        }
      }
    }
  }
]

function mount (folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' }).status === 0
}

function mayMount (): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'broker-disk-'))
  const may = mount(folder)
  if (may) spawnSync('umount', [folder])
  rmdirSync(folder)
  return may
}

t.test('on a full disk no token leaves without its line, and tokens come again once there is room', async t => {
  for (const { says, skip = false, open } of fullDisks) {
    await t.test(says, { skip }, async t => {
      const { path, first, makeRoom } = open(t)
      const broker = await startBroker({ settings: { AUDIT_LOG: path } })
      t.teardown(broker.close)
      const { token, held, refused } = client(broker.url)
      const wrong = () => ask(broker.url, { as: basic('susan', 'wrong-one') })
      await until(async () => await token() === 503)
      for (let i = 0; i < 20; i++) await token()
      t.match(await wrong(), { status: 503, body: { code: 'audit-unavailable' } }, 'a refusal without its line is none')
      t.strictSame(Object.keys(refused), ['audit-unavailable'])
      t.ok(await alive(broker.url))
      t.ok(held.length >= first, 'as long as there was room')
      const before = held.length
      const ready = async () => (await ask(broker.url, { method: 'GET', path: '/readyz' })).status === 200
      t.notOk(await ready())
      await makeRoom(broker.reload)
      await until(ready)
      await until(async () => await token() === 200)
      t.ok(held.length > before)
      const lines = () => readFileSync(path, 'utf8').split('\n').filter(line => line.endsWith('}')).map(line => JSON.parse(line) as AuditLine)
      await until(() => lines().filter(({ code }) => code === 'audit-unavailable').length === refused['audit-unavailable']! + 1)
      accounted(t, held, issuedInFile(path))
      t.equal(issuedInFile(path).length, held.length, 'and every line its token')
    })
  }
})

t.test('while nobody reads its standard output no token leaves, and all is as before once somebody does', async t => {
  const broker = await start(t, { settings: { AUDIT_LOG: 'stdout' } })
  const { token, held, refused } = client(broker.url)
  let asked = 0
  await until(async () => {
    await Promise.all(Array.from({ length: 20 }, () => token(`${asked++}`.padStart(120, 'x'))))
    return refused['audit-unavailable'] !== undefined
  }, 20_000)
  t.ok(await alive(broker.url))
  t.strictSame(Object.keys(refused), ['audit-unavailable'])
  let text = ''
  broker.stdout.on('data', chunk => { text += chunk })
  await until(async () => await token() === 200)
  await broker.kill('SIGTERM')
  await until(() => broker.stdout.readableEnded)
  accounted(t, held, issuedIn(text))
  const lines = text.split('\n').filter(Boolean).map(line => JSON.parse(line) as AuditLine)
  const takenBack = lines.filter(({ code }) => code === 'audit-unavailable').map(({ requestId }) => requestId)
  t.equal(takenBack.length, refused['audit-unavailable'], 'every refusal has its line')
  const nobodys = lines.filter(({ event, tokenSha256 }) => event === 'token.issued' && !held.includes(String(tokenSha256)))
  t.strictSame(nobodys.filter(({ requestId }) => !takenBack.includes(requestId)), [], 'a line that came through too late is taken back')
  t.ok(nobodys.length > 0)
})
