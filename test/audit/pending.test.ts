import t from 'tap'
import { createAudit, type TokenRefused } from '../../src/audit/audit-log.js'
import { failedAudit, heldSink, ids, line, token, unavailable } from '../helpers/audit.js'
import { heldTimers } from '../helpers/held-timers.js'
import { until } from '../helpers/until.js'

t.test('a refusal whose line failed is pending, and is written with its time and the code of its answer once the log can be written', async t => {
  const { audit, writes } = await failedAudit(t, { ...line(1), caller: 'susan' })
  t.equal(audit.pending, 1)
  // The probe succeeds, but the pending line's write shows that the log still fails.
  await until(() => writes.length === 2)
  t.notOk(audit.ok)
  writes[1]!.fail(new Error('ENOSPC'))
  await until(() => audit.pending === 1)
  t.notOk(audit.ok)
  await until(() => writes.length === 3)
  writes[2]!.done()
  await until(() => audit.ok)
  t.equal(audit.pending, 0)
  const [first, second, third] = writes.map(({ text }) => JSON.parse(text) as TokenRefused & { time: string })
  t.strictSame(third, { ...first, code: 'audit-unavailable' })
  t.strictSame(third, second)
  await audit.close()
  t.equal(writes.length, 3)
})

t.test('a token that was not sent leaves no pending line, the refusal in its place does', async t => {
  const { audit, writes } = await failedAudit(t, token(1))
  t.equal(audit.pending, 0)
  const refusal = audit.record(line(1))
  await until(() => writes.length === 2)
  writes[1]!.fail(new Error('ENOSPC'))
  await t.rejects(refusal, unavailable)
  t.equal(audit.pending, 1)
  const closed = audit.close()
  await until(() => writes.length === 3)
  writes[2]!.done()
  await closed
  t.strictSame(ids(writes[2]!.text), ['1'])
})

t.test('pending lines are written once, after the next line or at a close', async t => {
  const { sink, writes } = heldSink()
  const stalls = heldTimers(t, 300)
  const audit = createAudit(sink, 300)
  const stuck = audit.record(line(1))
  await until(() => writes.length === 1)
  const behind = audit.record(line(2))
  stalls.end()
  await Promise.all([t.rejects(stuck, unavailable), t.rejects(behind, unavailable), t.rejects(audit.record(line(3)), unavailable)])
  t.equal(audit.pending, 3)
  writes[0]!.done()
  await until(() => writes.length === 2)
  t.strictSame(ids(writes[1]!.text), ['1', '2', '3'])
  // This write stalls too, and succeeds in the end.
  stalls.end()
  await until(() => audit.pending === 3)
  const refused = audit.record(line(4))
  await t.rejects(refused, unavailable)
  writes[1]!.done()
  await until(() => writes.length === 3)
  t.strictSame(ids(writes[2]!.text), ['4'])
  writes[2]!.fail(new Error('ENOSPC'))
  await until(() => audit.pending === 1)
  const closed = audit.close()
  await until(() => writes.length === 4)
  writes[3]!.done()
  await closed
  t.strictSame(ids(writes[3]!.text), ['4'])
})

t.test('at most 1000 refusals are pending; those beyond are dropped and counted', async t => {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const failed = Array.from({ length: 1005 }, (_, n) => audit.record(line(n)).catch(() => {}))
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await Promise.all(failed)
  t.match(audit, { pending: 1000, dropped: 5 })
  const next = audit.record(line(2000))
  await until(() => writes.length === 2)
  writes[1]!.done()
  await next
  await until(() => writes.length === 3)
  t.strictSame(ids(writes[2]!.text), Array.from({ length: 1000 }, (_, n) => String(n)))
  writes[2]!.done()
  await audit.close()
  t.equal(audit.pending, 0)
})
