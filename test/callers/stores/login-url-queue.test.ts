import t from 'tap'
import { answer, loginServer, silent, yes } from '../../helpers/login-server.js'
import { open } from '../../helpers/login-url.js'
import { login } from '../../helpers/login.js'
import { until } from '../../helpers/until.js'

t.test('the endpoint sees 16 logins at once, addresses take turns, and who hangs up while waiting is never sent', async t => {
  const seen: string[] = []
  const held: Array<() => void> = []
  const { verify, server } = await open(t, ({ username }, response) => {
    seen.push(username)
    held.push(() => answer(response, 200, {}))
    if (held.length < 16) return
    server.handler = ({ username }, response) => {
      seen.push(username)
      answer(response, 200, {})
    }
    for (const release of held) release()
  })
  const flood = Array.from({ length: 40 }, (_, index) => verify(`flood ${index}`))
  const other = verify('other', 'right', login('192.0.2.2'))
  const hangUp = new AbortController()
  const gone = verify('gone', 'right', { ...login('192.0.2.3'), signal: hangUp.signal })
  hangUp.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' })
  t.ok(await other)
  t.ok(seen.indexOf('other') < 20, 'not behind the flood')
  await Promise.all(flood)
  t.equal(seen.length, 41)
  t.notOk(seen.includes('gone'))
})

t.test('to hang up buys no more logins at the endpoint, and is no failure of it', async t => {
  const held: Array<() => void> = []
  const { verify, server } = await open(t, (_credentials, response) => held.push(() => answer(response, 200, {})))
  const hangUps = Array.from({ length: 40 }, () => new AbortController())
  const flood = hangUps.map(({ signal }) => verify('susan', 'right', { ...login(), signal }).catch(() => {}))
  await until(() => held.length === 16)
  for (const hangUp of hangUps) hangUp.abort()
  const more = Array.from({ length: 20 }, () => verify('juan', 'right', login('192.0.2.2')))
  // Long enough for another to arrive, if it were sent.
  const other = await loginServer(yes)
  t.teardown(other.close)
  for (let times = 0; times < 3; times++) await fetch(other.url, { method: 'POST', body: '{}' })
  t.equal(server.requests, 16)
  server.handler = yes
  for (const release of held) release()
  t.notOk((await Promise.all(more)).includes(null))
  await Promise.all(flood)
})

t.test('too many waiting logins are overloaded at once', async t => {
  const { verify } = await open(t, silent)
  const flood = Array.from({ length: 16 + 64 }, () => verify().catch(() => {}))
  await t.rejects(verify(), { code: 'overloaded', status: 503, options: { retryAfter: Number } })
  await Promise.all(flood)
})

t.test('closing it does not wait for an endpoint that does not answer', async t => {
  const { store, verify, server } = await open(t, silent)
  const verifying = t.rejects(verify(), { code: 'store-unavailable' })
  await until(() => server.requests === 1)
  await store.close()
  await verifying
})
