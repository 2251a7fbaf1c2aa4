import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { basic, startBroker, susan, type Broker } from '../helpers/broker.js'
import { heldHashes } from '../helpers/held-hashes.js'
import { heldTimers } from '../helpers/held-timers.js'
import { ask } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { first, secure } from '../helpers/https.js'
import { until } from '../helpers/until.js'

/** Milliseconds; SHUTDOWN_DELAY has it in seconds. */
const delay = 7000
const SHUTDOWN_DELAY = `${delay / 1000}`

const get = (path: string, as?: string) => ['GET ' + path + ' HTTP/1.1', 'Host: x', ...(as === undefined ? [] : [`Authorization: ${as}`]), '', ''].join('\r\n')

/** Whether each answer of a socket says that it is the last, once the broker has closed it. */
async function ends (t: Test, { url }: Pick<Broker, 'url'>, bytes: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname, () => socket.write(bytes))
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', chunk => { text += chunk })
  const closed = once(socket, 'close')
  return {
    write: (more: string) => { socket.write(more) },
    async answers () {
      await closed
      return text.split(/(?=HTTP\/1\.1 \d)/).filter(Boolean).map(answer => ({ status: Number(answer.slice(9, 12)), last: /\r\nconnection: close\r\n/i.test(answer) }))
    }
  }
}

t.test('O34: from a shutdown on, the last answer of each connection says Connection: close, and all before it are given', async t => {
  const hashes = heldHashes()
  const broker: Broker = await startBroker({ verifyHash: hashes.verifyHash, settings: { SHUTDOWN_DELAY } })
  const delays = heldTimers(t, delay)
  const keepAlive = { as: susan, headers: { Connection: 'keep-alive' } }
  t.has(await ask(broker.url, keepAlive), { status: 200, headers: { connection: 'keep-alive' } })
  hashes.hold()
  const guesses = (name: string, count: number) => Array.from({ length: count }, (_, i) => get('/token/video', basic(`${name}-${i}`, 'a-password'))).join('')
  const one = await ends(t, broker, guesses('one', 1))
  const three = await ends(t, broker, guesses('three', 3))
  const many = await ends(t, broker, guesses('many', 40))
  const kept = await ends(t, broker, get('/healthz'))
  await until(() => broker.log().includes('"path":"/healthz"') && hashes.begun.length > 1)

  const closed = broker.close()
  await until(async () => (await ask(broker.url, { method: 'GET', path: '/readyz' })).status === 503)
  t.has(await ask(broker.url, keepAlive), { status: 200, headers: { connection: 'close' } }, 'also of one that is new')
  one.write(guesses('later', 1))
  kept.write(get('/healthz'))
  // By the time that this is answered, the others have been read.
  await ask(broker.url, { method: 'GET', path: '/healthz' })
  hashes.release()
  t.strictSame(await one.answers(), [{ status: 401, last: false }, { status: 401, last: true }])
  t.strictSame(await three.answers(), [{ status: 401, last: false }, { status: 401, last: false }, { status: 401, last: true }])
  t.strictSame(await many.answers(), Array.from({ length: 40 }, (_, i) => ({ status: 401, last: i === 39 })))
  t.strictSame(await kept.answers(), [{ status: 200, last: false }, { status: 200, last: true }])
  delays.end()
  await closed
})

t.test('over HTTP/2 no answer has that header', async t => {
  const broker: Broker = await startBroker({ settings: { ...secure, SHUTDOWN_DELAY }, files: first })
  const delays = heldTimers(t, delay)
  const warnings: string[] = []
  const warn = (warning: Error) => warnings.push(warning.message)
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  await askIn(client, { as: susan })
  const closed = broker.close()
  const answer = await askIn(client, { as: susan })
  t.equal(answer.status, 200)
  t.notOk('connection' in answer.headers)
  delays.end()
  await closed
  t.strictSame(warnings, [])
})
