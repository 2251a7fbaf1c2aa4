import t from 'tap'
import { startBroker } from '../helpers/broker.js'
import { origin, users, withstands } from '../helpers/hostile.js'

t.test('S112: each hostile request gets its status, no echo, and one line in the audit where it brought credentials', async t => {
  const broker = await startBroker({ users, settings: { CORS_ORIGINS: origin, LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  await withstands(t, broker)
})
