import { closeSync, openSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { createAudit, type TokenIssued, type TokenRefused } from '../../src/audit/audit.js'
import { fileSink, stdoutSink, type Sink } from '../../src/audit/sink.js'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { until } from '../helpers/until.js'

const line = (n: number): TokenRefused => ({ event: 'token.refused', requestId: String(n), ip: '127.0.0.1', code: 'not-allowed' })
const token = (n: number): TokenIssued => ({ event: 'token.issued', requestId: String(n), ip: '127.0.0.1', grants: {}, ttl: 180, expiresAt: '', keySid: '', tokenSha256: '' })
const ids = (text: string) => text.split('\n').filter(Boolean).map(line => (JSON.parse(line) as TokenRefused).requestId)
const unavailable = { code: 'audit-unavailable' }

/** A sink whose writes end when the test says so. */
function heldSink () {
  const writes: Array<{ text: string, done: () => void, fail: (error: Error) => void }> = []
  const sink: Sink = {
    write: bytes => new Promise((resolve, reject) => writes.push({ text: bytes.toString(), done: resolve, fail: reject })),
    reopen: async () => {},
    probe: async () => {},
    close: async () => {}
  }
  return { sink, writes }
}

t.test('the lines of one turn share a write, and the next ones wait for it', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const first = Promise.all([1, 2, 3].map(n => audit.record(line(n))))
  await until(() => writes.length === 1)
  t.strictSame(ids(writes[0]!.text), ['1', '2', '3'])
  t.match(JSON.parse(writes[0]!.text.split('\n')[0]!).time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  const second = audit.record(line(4))
  await new Promise(resolve => setImmediate(resolve))
  t.equal(writes.length, 1)
  writes[0]!.done()
  await first
  await until(() => writes.length === 2)
  writes[1]!.done()
  await second
  t.ok(audit.ok)
})

t.test('a write that fails fails its lines, and the next one is tried', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const failed = audit.record(token(1))
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await t.rejects(failed, unavailable)
  t.notOk(audit.ok)
  const recovered = audit.record(token(2))
  await until(() => writes.length === 2)
  writes[1]!.done()
  await recovered
  t.ok(audit.ok)
})

t.test('after a failure the log is looked at again and again, without a line, until it can be written', async t => {
  const { sink, writes } = heldSink()
  let looks = 0
  const audit = createAudit({ ...sink, async probe () { if (++looks < 3) throw new Error('ENOSPC') } })
  t.teardown(() => audit.close())
  const failed = audit.record(token(1))
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await t.rejects(failed, unavailable)
  await until(() => looks === 2)
  t.notOk(audit.ok)
  await until(() => audit.ok)
  t.equal(looks, 3)
  t.equal(writes.length, 1)
})

t.test('a look at a log finds a full disk, a missing file and a reader that is gone', async t => {
  const full = await fileSink('/proc/self/comm')
  await t.rejects(full.probe(), { message: 'the disk is full' })
  await full.close()
  const path = join(t.testdir(), 'audit.log')
  const file = await fileSink(path)
  await file.probe()
  unlinkSync(path)
  await t.rejects(file.probe(), { code: 'ENOENT' })
  await file.close()
  const stream = new PassThrough()
  const pipe = stdoutSink(stream, openSync('/dev/null', 'w'))
  await pipe.probe()
  stream.destroy()
  await t.rejects(pipe.probe(), { message: /nobody reads/ })
})

t.test('a write that stalls fails what waits, then everything at once, until it ends', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink, 300)
  const stuck = audit.record(token(1))
  await until(() => writes.length === 1)
  const behind = audit.record(token(2))
  await Promise.all([t.rejects(stuck, unavailable), t.rejects(behind, unavailable)])
  await t.rejects(audit.record(token(3)), unavailable)
  t.notOk(audit.ok)
  t.equal(writes.length, 1)
  writes[0]!.done()
  await until(() => audit.ok)
  const next = audit.record(token(4))
  await until(() => writes.length === 2)
  writes[1]!.done()
  await next
})

t.test('a refusal whose line failed is owed, and written with its time and the code of its answer once lines can be written', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const failed = audit.record({ ...line(1), caller: 'susan' })
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await t.rejects(failed, unavailable)
  t.equal(audit.owed, 1)
  // The look at the log finds it well; what is owed shows that it is not.
  await until(() => writes.length === 2)
  t.notOk(audit.ok)
  writes[1]!.fail(new Error('ENOSPC'))
  await until(() => audit.owed === 1)
  t.notOk(audit.ok)
  await until(() => writes.length === 3)
  writes[2]!.done()
  await until(() => audit.ok)
  t.equal(audit.owed, 0)
  const [first, second, third] = writes.map(({ text }) => JSON.parse(text) as TokenRefused & { time: string })
  t.strictSame(third, { ...first, code: 'audit-unavailable' })
  t.strictSame(third, second)
  await audit.close()
  t.equal(writes.length, 3)
})

t.test('a token that was not given is owed nothing: the refusal in its place is', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const failed = audit.record(token(1))
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await t.rejects(failed, unavailable)
  t.equal(audit.owed, 0)
  await audit.close()
})

t.test('what is owed is written after the next line, at a close at the latest, and once', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink, 300)
  const stuck = audit.record(line(1))
  await until(() => writes.length === 1)
  const behind = audit.record(line(2))
  await Promise.all([t.rejects(stuck, unavailable), t.rejects(behind, unavailable), t.rejects(audit.record(line(3)), unavailable)])
  t.equal(audit.owed, 3)
  writes[0]!.done()
  await until(() => writes.length === 2)
  t.strictSame(ids(writes[1]!.text), ['1', '2', '3'])
  // This one stalls too, and comes through in the end.
  await until(() => audit.owed === 3)
  const refused = audit.record(line(4))
  await t.rejects(refused, unavailable)
  writes[1]!.done()
  await until(() => writes.length === 3)
  t.strictSame(ids(writes[2]!.text), ['4'])
  writes[2]!.fail(new Error('ENOSPC'))
  await until(() => audit.owed === 1)
  const closed = audit.close()
  await until(() => writes.length === 4)
  writes[3]!.done()
  await closed
  t.strictSame(ids(writes[3]!.text), ['4'])
})

t.test('no more than 1000 refusals are owed; those beyond are counted', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const failed = Array.from({ length: 1005 }, (_, n) => audit.record(line(n)).catch(() => {}))
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await Promise.all(failed)
  t.match(audit, { owed: 1000, lost: 5 })
  const next = audit.record(line(2000))
  await until(() => writes.length === 2)
  writes[1]!.done()
  await next
  await until(() => writes.length === 3)
  t.strictSame(ids(writes[2]!.text), Array.from({ length: 1000 }, (_, n) => String(n)))
  writes[2]!.done()
  await audit.close()
  t.equal(audit.owed, 0)
})

t.test('a file is appended to, a line that a crash tore is ended, and closing writes what waits', async t => {
  const path = join(t.testdir({ 'audit.log': '{"torn' }), 'audit.log')
  const audit = createAudit(await fileSink(path))
  const written = audit.record(line(1))
  await audit.close()
  await written
  t.equal(readFileSync(path, 'utf8').split('\n')[0], '{"torn')
  t.strictSame(ids(readFileSync(path, 'utf8').slice(7)), ['1'])
})

t.test('five rotations under load lose and split no line', async t => {
  const folder = t.testdir()
  const path = join(folder, 'audit.log')
  const audit = createAudit(await fileSink(path))
  const recorded: Array<Promise<void>> = []
  for (let n = 0; n < 10_000; n++) {
    recorded.push(audit.record(line(n)))
    if (n % 2000 === 1000) {
      renameSync(path, `${path}.${n}`)
      await audit.reopen()
    }
    if (n % 50 === 0) await recorded.at(-1)
  }
  await Promise.all(recorded)
  await audit.close()
  const files = [1000, 3000, 5000, 7000, 9000].map(n => `${path}.${n}`).concat(path)
  const found = files.flatMap(file => ids(readFileSync(file, 'utf8')))
  t.strictSame(found, Array.from({ length: 10_000 }, (_, n) => String(n)))
})

t.test('standard output is written as what it is', async t => {
  const text: string[] = []
  const pipe = new PassThrough()
  pipe.on('data', chunk => text.push(String(chunk)))
  const device = openSync('/dev/null', 'w')
  t.teardown(() => closeSync(device))
  const toPipe = stdoutSink(pipe, device)
  await toPipe.write(Buffer.from('a line\n'))
  t.strictSame(text, ['a line\n'])
  await toPipe.reopen()
  await toPipe.close()

  const path = join(t.testdir(), 'out')
  const file = openSync(path, 'a')
  t.teardown(() => closeSync(file))
  const toFile = stdoutSink(pipe, file)
  await toFile.write(Buffer.from('a line\n'))
  await toFile.reopen()
  await toFile.close()
  t.equal(readFileSync(path, 'utf8'), 'a line\n')
})

t.test('a reader of standard output who is gone fails the line, not the process', async t => {
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const device = openSync('/dev/null', 'w')
  t.teardown(() => closeSync(device))
  await t.rejects(createAudit(stdoutSink(gone, device)).record(line(1)), unavailable)
})

t.test('with a full disk no token leaves, the process lives, and a file with room is taken up', async t => {
  const broker = await startBroker({ settings: { AUDIT_LOG: 'link' }, links: { link: '/dev/full' } })
  t.teardown(broker.close)
  for (const as of [susan, 'Basic !!!']) {
    const answer = await ask(broker.url, { as })
    t.match(answer, { status: 503, body: { code: 'audit-unavailable', detail: /no token is given/ }, headers: { 'retry-after': '5' } })
    t.notMatch(answer.text, /ENOSPC|eyJ/)
  }
  t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  t.equal((await ask(broker.url)).status, 401, 'what brings no credentials needs no line')
  unlinkSync(join(broker.folder, 'link'))
  writeFileSync(join(broker.folder, 'link'), '')
  await broker.reload()
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  // Both requests had credentials, so each has its line, though it was answered without.
  const lines = () => readFileSync(join(broker.folder, 'link'), 'utf8').split('\n').filter(Boolean).map(text => JSON.parse(text) as TokenRefused & { time: string })
  await until(() => lines().length === 3)
  t.match(lines().filter(({ event }) => event === 'token.refused'), [{ code: 'audit-unavailable', caller: 'susan' }, { code: 'audit-unavailable', caller: /^hmac:/ }])
  t.equal(lines().filter(({ event }) => event as string === 'token.issued').length, 1)
})

t.test('an audit log that cannot be opened stops the start', async t => {
  const refused = await startBroker({ settings: { AUDIT_LOG: 'missing/audit.log', PORT: 'x' } }).catch((error: unknown) => error)
  t.match(refused, { mistakes: [/^PORT must be/, /^AUDIT_LOG names a file that cannot be opened/] })
})

t.test('what a request brings into the audit stays on one line, and is cut', async t => {
  const broker = await startBroker({ settings: { CORS_ORIGINS: 'https://a.example' } })
  t.teardown(broker.close)
  await ask(broker.url, { as: basic('a\u2028{"event":"token.issued"}', 'x'), headers: { Origin: `https://a.example"}${'x'.repeat(3000)}` } })
  const text = readFileSync(join(broker.folder, 'audit.log'), 'utf8')
  t.equal(text.split(/\r?\n|\u2028/).length, 2)
  t.match(JSON.parse(text), { event: 'token.refused', code: 'origin-refused', caller: /^hmac:/ })
  t.ok(text.length < 1000)
})
