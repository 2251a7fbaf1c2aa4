import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { hashPassword } from '../../src/callers/passwords/formats.js'
import { basic, susan } from '../helpers/broker.js'
import { largestPath } from '../console/built.js'
import { ask } from '../helpers/http.js'
import { accounted, alive, client, issuedInFile, start, writeUsers } from '../helpers/process.js'
import { until } from '../helpers/until.js'

t.test('O32: killed under load, every token that a client holds has its line, and the next start copes with a torn one', async t => {
  const first = await start(t)
  const { token, held } = client(first.url)
  const loads = Array.from({ length: 8 }, async (_, i) => { while (await token(`room-${i}`) !== undefined); })
  await until(() => held.length > 300)
  await first.kill('SIGKILL')
  await Promise.all(loads)
  accounted(t, held, issuedInFile(first.audit))

  // What it was writing when it died is torn as well.
  const torn = readFileSync(first.audit, 'utf8').split('\n').at(-1) + '{"time":"2026-11-24T04:00:00.000Z","event":"token.iss'
  appendFileSync(first.audit, '{"time":"2026-11-24T04:00:00.000Z","event":"token.iss')
  const second = await start(t, { cwd: first.cwd })
  const again = client(second.url)
  t.equal(await again.token(), 200)
  await second.kill('SIGTERM')
  accounted(t, [...held, ...again.held], issuedInFile(first.audit))
  const broken = readFileSync(first.audit, 'utf8').split('\n').filter(line => line !== '' && !line.endsWith('}'))
  t.strictSame(broken, [torn], 'the torn line spoils no other')
})

t.test('O42: with 256 file descriptors, 400 idle sockets leave it alive, and it serves once they are gone', async t => {
  const broker = await start(t, { before: 'ulimit -n 256' })
  const { hostname, port } = new URL(broker.url)
  const { token, held } = client(broker.url)
  t.equal(await token(), 200)
  const idle = Array.from({ length: 400 }, () => connect(Number(port), hostname).on('error', () => {}))
  t.teardown(() => { for (const socket of idle) socket.destroy() })
  await until(() => idle.every(socket => !socket.connecting))
  await token()
  for (const socket of idle) socket.destroy()
  await until(() => alive(broker.url).catch(() => false))
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

/** From Node 24 on, V8 reserves more than that for code before anything runs, which this limit counts, unlike one of containers. */
const reserves = Number(process.versions.node.split('.')[0]) >= 24 && 'V8 of this Node reserves more than 256 MB'

t.test('O44: 200 logins at once that each cost 19 MiB fit into 256 MB', { skip: reserves }, async t => {
  const cwd = t.testdir()
  await writeUsers(cwd, await hashPassword('secret123'))
  const broker = await start(t, { cwd, before: inLittleMemory, nodeArgs: littleMemory, settings: { TRUST_PROXY: '127.0.0.1' } })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(broker.url, {
    // Names that do not exist cost what others do.
    as: i === 199 ? susan : basic(`user-${i}`, 'secret123'),
    headers: { 'X-Forwarded-For': `10.0.0.${i}` }
  })))
  // A busy machine may not have a core to spare for some of them in the 20 s for which they wait.
  const outcomes = answers.map(({ status, body: { code = status } }) => code)
  const wrong = outcomes.filter(outcome => outcome === 'credentials-wrong').length
  const late = outcomes.filter(outcome => outcome === 'overloaded').length
  const right = outcomes.filter(outcome => outcome === 200).length
  t.equal(wrong + late + right, 200)
  t.ok(wrong + right >= 20, `${wrong + right} were hashed`)
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))![1]) / 1000
  t.comment(`at most ${Math.round(peak)} MB`)
  t.ok(peak < 256, `${peak} MB`)
  t.match(readFileSync(`/proc/${broker.pid}/limits`, 'utf8'), /Max data size +268435456 /)
  await broker.kill('SIGTERM')
  t.equal(issuedInFile(broker.audit).length, right)
  t.equal(readFileSync(broker.audit, 'utf8').match(/"code":"credentials-wrong"/g)?.length, wrong)
})

t.test('S105: a thousand clients that send a thousand requests each and read no answer fit into 256 MB, and all others are served', { skip: reserves }, async t => {
  const broker = await start(t, { before: inLittleMemory, nodeArgs: littleMemory })
  const { hostname, port } = new URL(broker.url)
  const file = largestPath()
  const other = (path: string) => ask(broker.url, { method: 'GET', path, from: '127.0.0.2' })
  for (let i = 0; i < 500; i++) await other(file)
  const memory = (what: string) => Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))![1]) / 1000
  const before = memory('VmRSS')
  const bytes = `GET ${file} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(1000)
  const deaf = Array.from({ length: 1000 }, () => connect(Number(port), hostname, function (this: Socket) { this.write(bytes) }).on('error', () => {}).pause())
  t.teardown(() => { for (const socket of deaf) socket.destroy() })
  await until(() => deaf.every(socket => !socket.connecting))
  t.equal((await other('/healthz')).status, 200)
  const sockets = () => readdirSync(`/proc/${broker.pid}/fd`).length
  const held = sockets()
  t.ok(held > 100)
  // Each answer that is not taken ends its connection after 10 s.
  await until(() => sockets() < held / 2, 120_000)
  const grown = memory('VmHWM') - before
  t.comment(`${Math.round(grown)} MB more than before, at most`)
  t.ok(grown < 64, `${grown} MB`)
  t.equal((await other('/healthz')).status, 200)
  await broker.kill('SIGTERM')
})

/** Says on standard error, for each SIGWINCH, how many bytes are still in use once all garbage is gone. */
const tellsHeap = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent("process.on('SIGWINCH', () => { gc(); process.stderr.write('heap ' + process.memoryUsage().heapUsed + ' ') })")}`]

t.test('O25: a hundred reloads leave no more memory in use', async t => {
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
