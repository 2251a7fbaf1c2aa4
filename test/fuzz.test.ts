import t from 'tap'
import { startBroker, susan } from './helpers/broker.js'
import { fuzzed, sendFuzzed } from './helpers/fuzz.js'
import { ask } from './helpers/http.js'

t.test('O41: 20 000 fuzzed requests end no process, and are none that the broker did not expect', async t => {
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
