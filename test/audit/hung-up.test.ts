import { request } from 'node:http'
import { availableParallelism } from 'node:os'
import { connect } from 'node:net'
import t from 'tap'
import { basic, startBroker, susan, type AuditLine, type BrokerOptions } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { session } from '../helpers/http2.js'
import { first as certificate, secure } from '../helpers/https.js'
import { verifyHash as inThread } from '../helpers/in-thread.js'
import { jsonLines } from '../helpers/lines.js'
import { until } from '../helpers/until.js'

/** A broker whose hashes end when the test says so, and who has a caller that is remembered. */
async function heldBroker (options: BrokerOptions = {}) {
  const hashed: string[] = []
  let letOn = () => {}
  let held = Promise.resolve()
  const broker = await startBroker({
    ...options,
    settings: { OPERATORS: 'susan', LOGIN_FAILURES_MAX: '1000', ...options.settings },
    async verifyHash (hash, password) {
      hashed.push(password)
      await held
      return inThread(hash, password)
    }
  })
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  held = new Promise(resolve => { letOn = resolve })
  const metrics = async () => (await ask(broker.url, { method: 'GET', path: '/metrics', as: susan })).text
  return {
    ...broker,
    hashed,
    letOn: () => letOn(),
    metrics,
    waiting: async (count: number) => (await metrics()).includes(`token_broker_hashes_waiting ${count}\n`),
    /** Lines of the audit after the first, which is the remembered caller's. */
    audited: async () => (await broker.audit()).slice(1),
    logged: () => jsonLines<AuditLine & { msg: string, path: string }>(broker.log()).filter(({ msg, path }) => msg === 'request' && path.startsWith('/token'))
  }
}

const cores = availableParallelism()
const codes = (lines: AuditLine[]) => lines.map(({ code }) => code)

t.test('a guess whose client leaves while it is hashed is on record like any other, in audit, log and metrics', async t => {
  const broker = await heldBroker()
  t.teardown(broker.close)
  const sent = [
    request(`${broker.url}/token/video`, { method: 'GET', headers: { Authorization: basic('ann', 'guess') }, agent: false }),
    request(`${broker.url}/token`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, agent: false })
  ]
  for (const hung of sent) hung.on('error', () => {})
  sent[0]!.end()
  sent[1]!.end(JSON.stringify({ username: 'bob', password: 'guess' }))
  await until(() => broker.hashed.length === 1 + Math.min(2, cores))
  for (const hung of sent) hung.destroy()
  // What was sent before is read before.
  for (let i = 0; i < 3; i++) await ask(broker.url, { method: 'GET', path: '/healthz' })
  broker.letOn()
  await until(async () => (await broker.audited()).length === 2)
  t.match(await broker.audited(), Array.from({ length: 2 }, () => ({ event: 'token.refused', caller: /^hmac:/, ip: '127.0.0.1', code: 'credentials-wrong' })))
  await until(() => broker.logged().length === 3)
  t.has(broker.logged().slice(1), Array.from({ length: 2 }, () => ({ status: 401, code: 'credentials-wrong' })))
  t.match(await broker.metrics(), /token_broker_refusals_total\{code="credentials-wrong"\} 2\n/)
})

t.test('a login whose client leaves before its password is judged is on record as hung up, and logs no error', async t => {
  const broker = await heldBroker()
  t.teardown(broker.close)
  const first = Array.from({ length: cores }, (_, i) => ask(broker.url, { as: basic(`nobody${i}`, 'guess') }))
  await until(() => broker.hashed.length === 1 + cores)
  const right = request(`${broker.url}/token/sync`, { method: 'GET', headers: { Authorization: basic('ann', 'guess') }, agent: false })
  right.on('error', () => {}).end()
  await until(() => broker.waiting(1))
  right.destroy()
  await until(async () => (await broker.audited()).length === 1)
  t.match(await broker.audited(), [{ event: 'token.refused', caller: /^hmac:/, products: ['sync'], code: 'hung-up' }])
  await until(() => broker.logged().length === 2)
  t.has(broker.logged()[1], { path: '/token/sync', status: 499, code: 'hung-up' })
  t.match(await broker.metrics(), /token_broker_refusals_total\{code="hung-up"\} 1\n/)
  broker.letOn()
  await Promise.all(first)
  t.notMatch(broker.log(), /"level":50/)
})

t.test('a body that breaks off is on record where its credentials came before it', async t => {
  const broker = await heldBroker()
  t.teardown(broker.close)
  const { hostname, port } = new URL(broker.url)
  const requests = [`Authorization: ${susan}\r\n`, '']
  for (const [i, authorization] of requests.entries()) {
    const socket = connect(Number(port), hostname)
    socket.write(`POST /token HTTP/1.1\r\nHost: x\r\n${authorization}Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n{"username":`)
    // The log's line is there in both cases, once the socket's end is seen.
    for (let i = 0; i < 3; i++) await ask(broker.url, { method: 'GET', path: '/healthz' })
    socket.destroy()
    await until(() => broker.logged().length === 2 + i)
    t.has(broker.logged().at(-1), { status: 499, code: 'hung-up' })
  }
  const lines = await broker.audited()
  t.equal(lines.length, 1)
  t.has(lines[0], { event: 'token.refused', caller: 'susan', code: 'hung-up' })
  t.notMatch(broker.log(), /"level":50/)
})

t.test('S126: guesses pipelined on a socket, or sent as streams of one session, are each on record though their client left', async t => {
  const guesses = Array.from({ length: cores + 6 }, (_, i) => basic(`name${i}`, 'guess'))
  const ways: Array<{ says: string, options: BrokerOptions, send: (url: string) => () => void }> = [
    {
      says: 'pipelined',
      options: {},
      send (url) {
        const { hostname, port } = new URL(url)
        const socket = connect(Number(port), hostname).on('error', () => {})
        socket.write(guesses.map(as => `GET /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${as}\r\n\r\n`).join(''))
        return () => socket.destroy()
      }
    },
    {
      says: 'streams that end with their session',
      options: { settings: secure, files: certificate },
      send (url) {
        const client = session(url)
        for (const as of guesses) client.request({ ':path': '/token/video', authorization: as }).on('error', () => {})
        return () => client.destroy()
      }
    },
    {
      says: 'streams that are reset',
      options: { settings: secure, files: certificate },
      send (url) {
        const client = session(url)
        const streams = guesses.map(as => client.request({ ':path': '/token/video', authorization: as }).on('error', () => {}))
        t.teardown(() => client.destroy())
        return () => { for (const stream of streams) stream.close(8) }
      }
    }
  ]
  for (const { says, options, send } of ways) {
    await t.test(says, async t => {
      const broker = await heldBroker(options)
      t.teardown(broker.close)
      const hangUp = send(broker.url)
      await until(() => broker.waiting(6))
      hangUp()
      for (let i = 0; i < 3; i++) await ask(broker.url, { method: 'GET', path: '/healthz' })
      broker.letOn()
      await until(async () => (await broker.audited()).length === guesses.length)
      t.equal(new Set((await broker.audited()).map(({ requestId }) => requestId)).size, guesses.length)
      t.equal(new Set((await broker.audited()).map(({ caller }) => caller)).size, guesses.length)
      t.strictSame(codes(await broker.audited()).filter(code => code !== 'hung-up' && code !== 'credentials-wrong'), [])
      await until(() => broker.logged().length === 1 + guesses.length)
      t.notMatch(broker.log(), /"level":50/)
    })
  }
})
