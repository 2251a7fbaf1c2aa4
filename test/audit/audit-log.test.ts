import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAudit } from '../../src/audit/audit-log.js'
import { fileSink } from '../../src/audit/sink.js'
import { failedAudit, heldSink, ids, line, token, unavailable } from '../helpers/audit.js'
import { heldTimers } from '../helpers/held-timers.js'
import { until } from '../helpers/until.js'

const stallMs = 300

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
  const { audit, writes } = await failedAudit(t, token(1))
  t.notOk(audit.ok)
  const recovered = audit.record(token(2))
  await until(() => writes.length === 2)
  writes[1]!.done()
  await recovered
  t.ok(audit.ok)
})

t.test('after a failure the log is probed without a line until it can be written', async t => {
  const { sink, writes } = heldSink()
  let probes = 0
  const audit = createAudit({ ...sink, async probe () { if (++probes < 3) throw new Error('ENOSPC') } })
  t.teardown(() => audit.close())
  const failed = audit.record(token(1))
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await t.rejects(failed, unavailable)
  await until(() => probes === 2)
  t.notOk(audit.ok)
  await until(() => audit.ok)
  t.equal(probes, 3)
  t.equal(writes.length, 1)
})

t.test('a stalled write fails its lines and the waiting ones, and every new line at once until it ends', async t => {
  const { sink, writes } = heldSink()
  const stalls = heldTimers(t, stallMs)
  const audit = createAudit(sink, stallMs)
  const stuck = audit.record(token(1))
  await until(() => writes.length === 1)
  const behind = audit.record(token(2))
  stalls.end()
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

t.test('a write that ended while this process stood still has not stalled', async t => {
  const path = join(t.testdir(), 'audit.log')
  const sink = await fileSink(path)
  const audit = createAudit({
    ...sink,
    write (bytes) {
      const written = sink.write(bytes)
      // Nothing else runs here until the line is there and the time is over.
      do Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      while (!readFileSync(path, 'utf8').endsWith('\n'))
      return written
    }
  }, 10)
  t.teardown(() => audit.close())
  await t.resolves(audit.record(token(1)))
  t.ok(audit.ok)
})
