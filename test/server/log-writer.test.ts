import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { LogWriter } from '../../src/server/log-writer.js'
import { heldSink } from '../helpers/audit.js'
import { susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { start } from '../helpers/process.js'
import { until } from '../helpers/until.js'

const line = (text: string) => `{"msg":"${text}"}\n`
const limit = 4 * 1024 * 1024

t.test('lines are written together, a moment later, and many at once', async t => {
  const { sink, writes } = heldSink()
  const log = new LogWriter(sink, -1)
  log.write(line('a'))
  log.write(line('b'))
  t.equal(writes.length, 0)
  await until(() => writes.length === 1)
  t.equal(writes[0]!.text, line('a') + line('b'))
  log.write(line('c'.repeat(4096)))
  t.equal(writes.length, 1, 'while one is under way the next ones wait')
  writes[0]!.done()
  await until(() => writes.length === 2)
  t.equal(writes[1]!.text, line('c'.repeat(4096)))
  writes[1]!.done()
  await until(() => {
    log.write(line('d'.repeat(4096)))
    return writes.length === 3
  })
  t.equal(log.dropped, 0)
})

t.test('while its reader stalls a bounded number of lines waits, the others are counted, and it says so when it is read again', async t => {
  const { sink, writes } = heldSink()
  const log = new LogWriter(sink, -1)
  const one = line('x'.repeat(1000))
  const fitting = Math.floor(limit / one.length)
  for (let i = 0; i < fitting + 500; i++) log.write(one)
  t.equal(log.dropped, 500)
  t.equal(writes.length, 1)
  writes[0]!.done()
  await until(() => writes.length === 2)
  const lines = (writes[0]!.text + writes[1]!.text).split('\n').slice(0, -1)
  t.equal(lines.length, fitting + 1)
  t.match(JSON.parse(lines.at(-1)!), { level: 40, dropped: 500, msg: /were dropped/ })
  writes[1]!.done()
  log.write(one)
  await until(() => writes.length === 3)
  t.equal(writes[2]!.text, one, 'once')
})

t.test('lines that cannot be written are dropped, without another try before there are others', async t => {
  const { sink, writes } = heldSink()
  const log = new LogWriter(sink, -1)
  log.write(line('a'))
  await until(() => writes.length === 1)
  log.write(line('b'))
  writes[0]!.fail(new Error('ENOSPC'))
  await until(() => writes.length === 2)
  t.equal(log.dropped, 1)
  t.equal(writes[1]!.text, line('b'))
  writes[1]!.done()
  await until(() => writes.length === 3)
  t.match(JSON.parse(writes[2]!.text), { dropped: 1 })
})

t.test('at the end it writes what waits, if somebody takes it at once', async t => {
  const path = join(t.testdir(), 'log')
  const file = openSync(path, 'a')
  const log = new LogWriter(heldSink().sink, file)
  log.write(line('a'))
  log.flushSync()
  log.flushSync()
  t.equal(readFileSync(path, 'utf8'), line('a'))
  closeSync(file)
  log.write(line('b'))
  t.doesNotThrow(() => log.flushSync())
  t.equal(log.dropped, 1)
})

/** So many unknown addresses, on one socket, each as long as is logged. */
function flood (url: string, from: string, count: number): Promise<void> {
  const { hostname, port } = new URL(url)
  const head = `GET /${'x'.repeat(300)} HTTP/1.1\r\nHost: x\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), localAddress: from })
    socket.on('error', reject).on('close', () => resolve()).resume()
    socket.write(`${head}\r\n`.repeat(count - 1) + `${head}Connection: close\r\n\r\n`)
  })
}

t.test('O28: a log whose reader stalls takes a bounded part of the memory, and each line is there or counted once it is read again', async t => {
  const broker = await start(t, { settings: { OPERATORS: 'susan' } })
  const get = (path: string) => ask(broker.url, { method: 'GET', path, as: susan })
  broker.stderr.pause()
  for (let i = 1; i <= 12; i++) await flood(broker.url, `127.0.0.${i + 1}`, 1000)
  const dropped = Number(/^token_broker_log_dropped_total (\d+)$/m.exec((await get('/metrics')).text)![1])
  t.ok(dropped > 1000, `${dropped} lines`)
  broker.stderr.resume()
  await until(() => broker.log().includes('log lines were dropped'))
  t.equal((await get('/openapi.json')).status, 200)
  await until(() => broker.log().includes('"path":"/openapi.json"'))
  const lines = broker.log().split('\n').slice(0, -1).map(text => JSON.parse(text) as { dropped?: number, msg: string })
  const told = lines.reduce((sum, { dropped = 0 }) => sum + dropped, 0)
  // With those of /metrics and /openapi.json.
  t.equal(lines.filter(({ msg }) => msg === 'request').length + told, 12_002)
})

t.test('O29: a log whose reader stalls does not keep the process from ending', async t => {
  const broker = await start(t)
  broker.stderr.pause()
  await flood(broker.url, '127.0.0.2', 1000)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  await broker.kill('SIGTERM')
  t.notOk(broker.alive())
})
