import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { DRAIN_MS } from '../../src/server/listener.js'
import { basic, susan } from '../helpers/broker.js'
import { heldTimers } from '../helpers/held-timers.js'
import { ask } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { handshake, startSecure } from '../helpers/https.js'
import { until } from '../helpers/until.js'

t.test('who resets a request gets nothing and takes nothing with it', async t => {
  const broker = await startSecure({ LOGIN_FAILURES_MAX: '1000' })
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  await askIn(client, { as: susan })
  for (let i = 0; i < 300; i++) {
    const stream = client.request({ ':method': 'POST', ':path': '/token/video', authorization: basic('susan', `wrong-${i}`) })
    stream.on('error', () => {}).close(8)
    if (i % 50 === 0) await once(stream, 'close')
  }
  t.match(await askIn(client, { as: susan }), { status: 200 })
  // None of them is still waited for: the time after which a shutdown closes everything never ends.
  heldTimers(t, DRAIN_MS)
  client.close()
  await broker.close()
})

t.test('a shutdown answers what is under way, says GOAWAY, and ends in spite of idle and half-open connections', async t => {
  const broker = await startSecure()
  const { hostname, port } = new URL(broker.url)
  const [idle, busy] = [session(broker.url), session(broker.url)]
  await Promise.all([once(idle, 'connect'), once(busy, 'connect')])
  const silent = connectTcp(Number(port), hostname).on('error', () => {})
  await once(silent, 'connect')
  const kept = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  kept.write('POST /token/video HTTP/1.1\r\nHost: x\r\nAuthor')
  const ends = [idle, busy].map(client => once(client, 'goaway').then(([code]) => code as number))
  const answers = Array.from({ length: 20 }, (_, i) => askIn(busy, { as: i % 2 ? susan : basic('susan', `wrong-${i}`) }))
  await until(async () => (await broker.audit()).length > 0)
  // Not by the clock: the time after which a shutdown closes everything never ends.
  heldTimers(t, DRAIN_MS)
  await broker.close()
  t.strictSame(await Promise.all(ends), [0, 0])
  const settled = await Promise.allSettled(answers)
  t.ok(settled.every(answer => answer.status === 'fulfilled' && [200, 401, 429].includes(answer.value.status)), JSON.stringify(settled.find(({ status }) => status === 'rejected')))
  await t.rejects(ask(broker.url))
})

t.test('in HTTP/2 too, what is silent or slow is closed, and a session has its requests', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const { hostname, port } = new URL(broker.url)
  const silent = connectTcp(Number(port), hostname)
  const half = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  half.write('GET /token/video HTTP/1.1\r\nHost: x\r\n')
  const idle = session(broker.url)
  const slow = session(broker.url)
  const body = slow.request({ ':method': 'POST', ':path': '/token/video', authorization: susan, 'content-type': 'application/json' })
  body.write('{')
  const trickle = setInterval(() => { if (body.writable) body.write(' ') }, 500)
  body.on('error', () => {})
  const closed = Promise.all([once(silent.resume(), 'close'), once(half.resume(), 'close'), once(idle, 'close'), once(body, 'close')])
  const busy = session(broker.url)
  const goaway = once(busy, 'goaway')
  for (let i = 0; i < 1000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, () => askIn(busy, { method: 'GET', path: '/healthz' })))
  }
  t.match(await goaway, [0], 'after a thousand requests a session ends')
  t.match(await ask(broker.url, { as: susan }), { status: 200 })

  await closed
  clearInterval(trickle)
  slow.destroy()
  t.equal((await broker.audit()).filter(({ event }) => event === 'token.issued').length, 1, 'the slow one got no token')
})
