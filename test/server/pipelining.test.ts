import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import t, { type Test } from 'tap'
import { basic, startBroker, susan, type Broker } from '../helpers/broker.js'
import { heldHashes } from '../helpers/held-hashes.js'
import { ask } from '../helpers/http.js'
import { settle } from '../helpers/settle.js'
import { until } from '../helpers/until.js'

const get = (path: string, ...headers: string[]) => [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n')
/** Guesses of so many names, each of which takes a hash. */
const guesses = (count: number) => Array.from({ length: count }, (_, i) => get('/token/video', `Authorization: ${basic(`user-${i}`, 'a-password')}`)).join('')

/** A client by hand. It reads until it is paused. */
function client (t: Test, url: string) {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', chunk => { text += chunk }).on('error', () => {})
  t.teardown(() => socket.destroy())
  return {
    socket,
    text: () => text,
    statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
  }
}

const refusals = async (broker: Broker) => (await broker.audit()).filter(({ event }) => event === 'token.refused')

t.test('of requests that are pipelined 32 are in work, and the others once those are answered', async t => {
  const hashes = heldHashes()
  const broker: Broker = await startBroker({ verifyHash: hashes.verifyHash })
  t.teardown(broker.close)
  hashes.hold()
  const { socket, statuses } = client(t, broker.url)
  socket.write(guesses(100))
  await until(() => hashes.begun.length > 0)
  t.match(await ask(broker.url, { method: 'GET', path: '/healthz' }), { status: 200 }, 'others are served')
  hashes.release()
  await until(() => statuses().length === 100)
  t.ok(statuses().every(status => status === 401), 'the socket stays open until all are answered')
})

t.test('S109: when a socket ends so do all its requests, those behind others, too', async t => {
  for (const [how, end] of Object.entries({ destroyed: (socket: Socket) => socket.resetAndDestroy(), 'closed by its client': (socket: Socket) => socket.end() })) {
    const hashes = heldHashes()
    const broker: Broker = await startBroker({ verifyHash: hashes.verifyHash })
    hashes.hold()
    const { socket } = client(t, broker.url)
    socket.write(guesses(100))
    const begun = Math.min(availableParallelism(), 32)
    await until(() => hashes.begun.length === begun)
    end(socket)
    await until(async () => (await refusals(broker)).length >= 32 - begun)
    hashes.release()
    // A hash that has begun cannot be stopped.
    await until(async () => (await refusals(broker)).length >= 32)
    t.equal((await ask(broker.url, { as: susan })).status, 200)
    t.equal(hashes.begun.length, begun + 1, `${how}: none of them still waits for a hash`)
    t.equal((await refusals(broker)).length, 32, `${how}: no more were in work`)
    await broker.close()
  }
})

t.test('S107: a packet of a thousand requests lets others go ahead', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const { socket, statuses } = client(t, broker.url)
  await once(socket, 'connect')
  socket.write(get('/healthz').repeat(1000))
  const other = ask(broker.url, { method: 'GET', path: '/readyz' })
  const handled = () => broker.log().split('"path":"/healthz"').length - 1
  await other
  t.ok(handled() < 500, `${handled()} of them went before`)
  await until(() => statuses().length === 1000)
  t.ok(statuses().every(status => status === 200))
})

t.test('S111: a connection has a thousand requests; the last answer says so, and nothing behind it is answered', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  for (const at of ['once', 'twice']) {
    const { socket, text, statuses } = client(t, broker.url)
    socket.write(get('/healthz').repeat(at === 'once' ? 1010 : 999))
    if (at === 'twice') {
      await until(() => statuses().length === 999)
      socket.write(`POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n`)
      socket.write('{}')
    }
    await once(socket, 'close')
    t.equal(statuses().length, 1000)
    t.ok(statuses().every(status => status === 200))
    t.equal(text().match(/\r\nconnection: close\r\n/gi)?.length, 1)
    t.match(text().split('HTTP/1.1 200').at(-1), /\r\nconnection: close\r\n/i)
  }
})

t.test('no more than a thousand are answered where an empty line comes in two packets either', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const { socket, statuses } = client(t, broker.url)
  socket.setNoDelay().write(get('/healthz').repeat(999))
  await until(() => statuses().length === 999)
  socket.write(get('/healthz').slice(0, -1))
  await ask(broker.url, { method: 'GET', path: '/readyz' })
  socket.write('\n' + get('/token/video', `Authorization: ${susan}`))
  await once(socket, 'close')
  t.equal(statuses().length, 1000)
  t.strictSame(await broker.audit().catch(() => []), [])
})

t.test('what comes after the end of all answers is passed over', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const { hostname, port } = new URL(broker.url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }).on('error', () => {})
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', chunk => { text += chunk }).write('EHLO example.com\r\n\r\n')
  await once(socket, 'end')
  socket.write(get('/token/video', `Authorization: ${susan}`).repeat(2))
  t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  t.match(text, /^HTTP\/1\.1 400 /)
  t.equal(text.match(/HTTP/g)?.length, 1)
  t.strictSame(await broker.audit().catch(() => []), [])
})

t.test('a body is read however it is cut, also behind other requests', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const body = JSON.stringify({ room: 'a\r\n\r\nb'.replaceAll('\r', ' ').replaceAll('\n', ' ') }) + '\r\n\r\n'.repeat(3)
  const post = `POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const bytes = Buffer.from((get('/healthz') + post).repeat(40))
  const { socket, statuses } = client(t, broker.url)
  socket.setNoDelay()
  for (let at = 0; at < bytes.length;) {
    const size = 1 + at % 97
    if (!socket.write(bytes.subarray(at, at + size))) await once(socket, 'drain')
    at += size
    if (at % 3 === 0) await settle()
  }
  await until(() => statuses().length === 80)
  t.ok(statuses().every(status => status === 200))
})

t.test('a body that comes in many pieces while 32 other requests are in work is read to its end', async t => {
  const hashes = heldHashes()
  const broker: Broker = await startBroker({ verifyHash: hashes.verifyHash })
  t.teardown(broker.close)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  hashes.hold()
  const { socket, statuses } = client(t, broker.url)
  socket.setNoDelay().write(guesses(32))
  await until(() => hashes.begun.length > 1)
  socket.write(`POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n`)
  for (const byte of '{}'.padEnd(20)) {
    socket.write(byte)
    await ask(broker.url, { method: 'GET', path: '/healthz' })
  }
  hashes.release()
  await until(() => statuses().length === 33)
  t.equal(statuses().at(-1), 200)
})
