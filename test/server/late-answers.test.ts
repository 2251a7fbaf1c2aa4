import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { largestPath } from '../console/built.js'
import { startBroker, type Broker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { bareSession, headersFrame, ping, session, windowSetting, windowUpdate } from '../helpers/http2.js'
import { handshake, startSecure } from '../helpers/https.js'

/** The longest answer that anybody gets. */
const path = largestPath()
const get = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

const plain: Broker = await startBroker()
t.teardown(plain.close)
const secure = await startSecure()
t.teardown(secure.close)

/** Milliseconds from now until the broker has closed it, which a client that does not read learns only by writing. */
async function closes (socket: Socket, write: () => void): Promise<number> {
  const start = performance.now()
  const writing = setInterval(write, 250)
  await new Promise(resolve => socket.once('close', resolve))
  clearInterval(writing)
  return performance.now() - start
}

const tcp = () => connect(Number(new URL(plain.url).port), '127.0.0.1').on('error', () => {}).pause()
const head = (stream: number) => headersFrame([[':method', 'GET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', path]], stream)

/** Each asks for more than the kernels of both sides hold. */
const clients: Record<string, () => Promise<number>> = {
  async 'reads nothing' () {
    const socket = tcp()
    socket.write(get.repeat(200))
    return closes(socket, () => socket.write('\r\n'))
  },
  async 'reads a trickle' () {
    const socket = tcp()
    socket.write(get.repeat(200))
    return closes(socket, () => {
      socket.read(500)
      socket.write('\r\n')
    })
  },
  async 'reads nothing over TLS' () {
    const socket = await handshake(secure.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    socket.pause().write(get.repeat(200))
    return closes(socket, () => socket.write('\r\n'))
  },
  async 'gives a stream of HTTP/2 no window, and pings' () {
    const client = session(secure.url, { settings: { initialWindowSize: 0 } })
    t.teardown(() => client.destroy())
    const start = performance.now()
    const streams = Array.from({ length: 50 }, () => client.request({ ':path': path }).on('error', () => {}).resume())
    const pinging = setInterval(() => client.ping(() => {}), 1000)
    await Promise.all(streams.map(stream => new Promise(resolve => stream.once('close', resolve))))
    clearInterval(pinging)
    return performance.now() - start
  },
  async 'gives a stream of HTTP/2 a byte of window at a time' () {
    const { socket, send } = bareSession(secure.url)
    send(windowSetting(0))
    send(head(1))
    // It reads, and so is told of the end: RST_STREAM, of 4 bytes.
    socket.on('data', bytes => { if (bytes.includes(Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1]))) socket.destroy() })
    return closes(socket, () => send(Buffer.concat([ping, windowUpdate(1, 1)])))
  },
  async 'gives HTTP/2 every window and reads nothing' () {
    const { socket, send } = bareSession(secure.url)
    await once(socket, 'secureConnect')
    socket.pause()
    send(Buffer.concat([windowSetting(2 ** 31 - 1), windowUpdate(2 ** 31 - 2 ** 16 - 1, 0)]))
    let stream = 1
    for (; stream < 400; stream += 2) send(head(stream))
    return closes(socket, () => send(Buffer.concat([ping, head(stream += 2)])))
  },
  async 'pings in a session without a request' () {
    const { socket, send } = bareSession(secure.url)
    return closes(socket, () => send(ping))
  }
}

t.test('S106: an answer that is not taken within 10 s ends its connection or stream, whatever else its client does', { timeout: 240_000 }, async t => {
  const took = await Promise.all(Object.entries(clients).map(async ([name, run]) => ({ name, seconds: await run() / 1000 })))
  for (const { name, seconds } of took) {
    t.comment(`${name}: ${seconds.toFixed(1)} s`)
    t.ok(seconds > 9, `${name}: has its time`)
  }
  for (const { log } of [plain, secure]) t.notMatch(log(), /"level":[56]0/, 'no client that leaves is an error')
  for (const { url } of [plain, secure]) t.match(await ask(url, { method: 'GET', path: '/healthz' }), { status: 200 })
})
