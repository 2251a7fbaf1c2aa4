import { once } from 'node:events'
import t from 'tap'
import { startBroker, susan, type Broker } from '../helpers/broker.js'
import { raw } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { handshake, startSecure } from '../helpers/https.js'

const canary = 'canary'
const long = canary.repeat(20)
const allowed = 'https://a.example'

const paths: Array<{ name: string, path: string, status: number }> = [
  { name: 'a long name below the console', path: `/console/${long}`, status: 404 },
  { name: 'one longer than all headers may be', path: `/console/${canary.repeat(3000)}`, status: 431 },
  { name: 'one that is long in the form for proxies', path: `http://x/console/${long}`, status: 404 },
  { name: 'one that is long before it is decoded', path: `/console/${'%61'.repeat(40)}`, status: 404 },
  { name: 'one that is short enough', path: `/console/${canary}`, status: 404 },
  { name: 'one that does not decode', path: `/console/${long}%zz`, status: 400 },
  { name: 'a path that does not decode', path: `/${canary}%E0%A4%A`, status: 400 },
  { name: 'a percent sign that is encoded twice', path: `/%25${canary}%2525zz`, status: 404 },
  { name: 'a long product', path: `/token/${long}`, status: 401 },
  { name: 'a long path below a product', path: `/token/video/${long}`, status: 401 },
  { name: 'an asterisk', path: '*', status: 404 },
  { name: 'a target of another scheme', path: `ftp://x/${canary}`, status: 404 }
]

t.test('S25: no answer skips the hooks, whatever the router makes of a path', async t => {
  const broker: Broker = await startBroker({ settings: { CORS_ORIGINS: allowed } })
  t.teardown(broker.close)
  for (const { name, path, status } of paths) {
    const answer = await raw(broker.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: ${allowed}\r\nConnection: close\r\n\r\n`)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), name)
    t.match(answer, /\r\nx-request-id: /, `${name}: as every answer`)
    t.match(answer, new RegExp(`\r\naccess-control-allow-origin: ${allowed}\r\n`), `${name}: pages can read it`)
    t.notMatch(answer, new RegExp(canary), `${name}: no echo`)
  }
})

t.test('S26: a long path with two Host headers lets no request behind it through', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const answer = await raw(broker.url, `GET /console/${long} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\nGET /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\n\r\n`)
  t.match(answer, /^HTTP\/1\.1 400 /)
  t.equal(answer.match(/HTTP\/1\.1/g)?.length, 1)
  t.strictSame(await broker.audit(), [])
})

t.test('S27: a method that nobody knows is refused as every other is, and is no failure of the broker', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const plain: Broker = await startBroker()
  t.teardown(plain.close)
  for (const method of ['FOO', 'get', '__proto__', 'constructor', 'toString']) {
    for (const { path, status } of [{ path: '/', status: 405 }, { path: '/token/video', status: 405 }, { path: '/nothing', status: 404 }]) {
      const client = session(broker.url)
      t.match(await askIn(client, { method, path, as: susan }), { status, headers: { 'x-request-id': String } }, `${method} ${path}`)
      client.destroy()
    }
  }
  // Node's parser takes it, and its own list of methods lacks it.
  t.match(await raw(plain.url, 'DESCRIBE / RTSP/1.0\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 405 [^]*\r\nx-request-id: /)
  for (const { log } of [broker, plain]) t.notMatch(log(), /"level":50/)
})

t.test('CONNECT is answered as any other method over HTTP/2, and ends the socket over HTTP/1.1', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  const stream = client.request({ ':method': 'CONNECT', ':authority': 'x:443' })
  const [headers] = await once(stream, 'response')
  t.match(headers, { ':status': 405, 'x-request-id': String })
  const socket = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  let answer = ''
  socket.on('data', chunk => { answer += chunk }).write('CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'close')
  t.equal(answer, '')
})
