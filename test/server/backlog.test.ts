import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { largestPath } from '../console/built.js'
import { startBroker, susan, type Broker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { handshake, startSecure } from '../helpers/https.js'
import { until } from '../helpers/until.js'

const file = largestPath()
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** A request whose body does not come, so that it is in work until it is ended. */
function begin (client: ClientHttp2Session) {
  const stream = client.request({ ':method': 'POST', ':path': '/token/video', authorization: susan, 'content-type': 'application/json' })
  stream.on('error', () => {}).write('{')
  return stream
}

t.test('in a session 32 requests are in work, and the others once those have ended', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  await askIn(client, { as: susan })
  const held = Array.from({ length: 32 }, () => begin(client))
  const waiting = Array.from({ length: 40 }, () => askIn(client, { method: 'GET', path: '/healthz' }))
  const given = askIn(client, { method: 'GET', path: '/readyz' })
  const canceled = client.request({ ':path': '/docs' }).on('error', () => {})
  await new Promise(resolve => client.ping(resolve))
  canceled.close(8)
  await new Promise(resolve => client.ping(resolve))
  t.notMatch(broker.log(), /"path":"\/(healthz|readyz|docs)"/)
  for (const stream of held) stream.end('}')
  t.ok((await Promise.all([...waiting, given])).every(({ status }) => status === 200))
  t.notMatch(broker.log(), /"path":"\/docs"/, 'what its client took back while it waited is not begun')
})

t.test('where too much is in work, each client has one request at a time', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  await ask(broker.url, { as: susan })
  const sessions = Array.from({ length: 16 }, () => session(broker.url))
  t.teardown(() => { for (const client of sessions) client.destroy() })
  await Promise.all(sessions.map(client => once(client, 'remoteSettings')))
  const streams = sessions.flatMap(client => Array.from({ length: 33 }, () => begin(client)))
  await Promise.all(sessions.map(client => new Promise(resolve => client.ping(resolve))))

  const late = session(broker.url)
  t.teardown(() => late.destroy())
  await once(late, 'remoteSettings')
  const only = begin(late)
  await t.rejects(askIn(late, { method: 'GET', path: '/healthz' }), { message: /NGHTTP2_REFUSED_STREAM/ })
  only.end('}')
  await once(only.resume(), 'close')
  t.equal((await askIn(late, { method: 'GET', path: '/healthz' })).status, 200)

  const pipelined = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  t.teardown(() => pipelined.destroy())
  let text = ''
  pipelined.on('data', chunk => { text += chunk })
  pipelined.write(`POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n{`)
  pipelined.write('}' + ' '.repeat(4) + get('/healthz').repeat(3))
  await until(() => text.match(/HTTP\/1\.1 200/g)?.length === 4)
  for (const stream of streams) stream.end('}')
  t.equal((await ask(broker.url, { as: susan })).status, 200)
})

t.test('with many sessions open, a further one may have eight requests at once', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const sessions = Array.from({ length: 17 }, () => session(broker.url))
  t.teardown(() => { for (const client of sessions) client.destroy() })
  // All begin with a hundred. The last one is told eight in settings of its own.
  const allowed = () => sessions.map(client => client.remoteSettings.maxConcurrentStreams).sort((a, b) => a! - b!)
  await until(() => allowed()[0] === 8 && allowed()[16] !== undefined)
  t.strictSame(allowed(), [8, ...Array.from({ length: 16 }, () => 100)])
})

t.test('S108: clients that send more than is kept for them lose their connection, and nobody else does', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const { hostname, port } = new URL(broker.url)
  const bystander = connect(Number(port), hostname)
  t.teardown(() => bystander.destroy())
  await once(bystander, 'connect')
  const greedy: Socket[] = []
  t.teardown(() => { for (const socket of greedy) socket.destroy() })
  // None reads, so that its first answers are never taken.
  const bytes = get(file).repeat(6000)
  let ended = 0
  for (let i = 0; i < 400; i++) {
    const socket = connect(Number(port), hostname, () => socket.write(bytes)).on('error', () => { ended++ }).pause()
    greedy.push(socket)
  }
  const writing = setInterval(() => { for (const socket of greedy) if (!socket.destroyed) socket.write('\r\n') }, 250)
  await until(() => ended > 50)
  clearInterval(writing)
  t.ok(greedy.filter(socket => !socket.destroyed).length > 100)
  let text = ''
  bystander.on('data', chunk => { text += chunk }).write(get('/healthz'))
  await until(() => /HTTP\/1\.1 200/.test(text))
  t.equal((await ask(broker.url, { as: susan })).status, 200)
})
