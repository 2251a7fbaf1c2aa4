import t from 'tap'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { until } from '../helpers/until.js'

t.test('O45: an hour forward or back on the clock changes no limit, promises no longer wait, and is told', async t => {
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
    t.has(guess, { status: 429, body: { code: 'login-limited' } })
    const wait = Number(guess.headers['retry-after'])
    t.ok(wait > 800 && wait <= 900, `${wait} s`)
    const token = await ask(broker.url, { as: susan })
    t.has(token, { status: 429, body: { code: 'caller-limited' } })
    t.ok(Number(token.headers['retry-after']) <= 60)
  }
  await until(() => /clock was set by -(3600|7200) s/.test(broker.log()))
  for (let i = 0; i < 8; i++) await ask(broker.url)
  const limited = await ask(broker.url)
  t.has(limited, { status: 429, body: { code: 'rate-limited' } })
  t.ok(Number(limited.headers['retry-after']) <= 60)
})
