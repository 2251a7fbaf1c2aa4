import { availableParallelism } from 'node:os'
import { connect } from 'node:net'
import t from 'tap'
import { OncePerMinute } from '../../src/limits/lines.js'
import { basic, startBroker, susan, type Broker } from '../helpers/broker.js'
import { clock } from '../helpers/clock.js'
import { ask } from '../helpers/http.js'
import { verifyHash as inThread } from '../helpers/in-thread.js'
import { jsonLines } from '../helpers/lines.js'
import { answer, loginServer } from '../helpers/login-server.js'
import { until } from '../helpers/until.js'

interface LogLine { level: number, msg: string, path: string, status: number, code?: string, skipped?: number }

const logged = (broker: Broker) => jsonLines<LogLine>(broker.log())
const requests = (broker: Broker) => logged(broker).filter(({ msg }) => msg === 'request')
const failures = (broker: Broker) => logged(broker).filter(({ msg }) => msg === 'request failed')
const metric = async (broker: Broker, name: string) => {
  const { text } = await ask(broker.url, { method: 'GET', path: '/metrics', as: susan, from: '127.0.0.9' })
  return Number(new RegExp(`^token_broker_${name} (\\d+)$`, 'm').exec(text)![1])
}

/** The same request so many times, on sockets that carry at most 500 each. */
async function flood (broker: Broker, count: number, path: string, ...headers: string[]): Promise<void> {
  const { hostname, port } = new URL(broker.url)
  for (let left = count; left > 0; left -= 500) {
    const head = [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, ''].join('\r\n')
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname).on('error', reject).on('close', () => resolve()).resume()
      socket.write(`${head}\r\n`.repeat(Math.min(left, 500) - 1) + `${head}Connection: close\r\n\r\n`)
    })
  }
}

t.test('S127: what strangers ask for gets a bounded number of lines in the log, an address, and callers keep theirs', async t => {
  for (const path of ['/healthz', '/nothing', '/token/video']) {
    await t.test(path, async t => {
      const broker = await startBroker({ settings: { OPERATORS: 'susan', RATE_LIMIT_MAX: '50' } })
      t.teardown(broker.close)
      await flood(broker, 1500, path)
      await until(async () => await metric(broker, 'log_skipped_total') === 500)
      const before = requests(broker).filter(({ path }) => path !== '/metrics')
      t.equal(before.length, 1000)
      t.has(logged(broker).filter(({ msg }) => msg.startsWith('an address asks')), [{ level: 40, address: '127.0.0.1' }])
      t.equal((await ask(broker.url, { as: susan, from: '127.0.0.2' })).status, 200)
      t.equal((await ask(broker.url, { path: '/another', from: '127.0.0.2' })).status, 404)
      await until(() => requests(broker).some(({ path }) => path === '/another'))
      t.ok(requests(broker).some(({ path, status }) => path === '/token/video' && status === 200))
    })
  }
})

t.test('S128: what is refused before a password is looked at gets a bounded number of lines in the audit, an address, and guesses keep theirs', async t => {
  const unlimited: Array<{ says: string, code: string, headers: string[] }> = [
    { says: 'an origin that is refused', code: 'origin-refused', headers: ['Origin: https://evil.test'] },
    { says: 'an image of another page', code: 'origin-refused', headers: ['Sec-Fetch-Mode: no-cors'] },
    { says: 'an address that has had its requests', code: 'rate-limited', headers: [] }
  ]
  for (const { says, code, headers } of unlimited) {
    await t.test(says, async t => {
      const broker = await startBroker({ settings: { OPERATORS: 'susan', RATE_LIMIT_MAX: '50', LOGIN_FAILURES_MAX: '1000' } })
      t.teardown(broker.close)
      await flood(broker, 1500, '/token/video', `Authorization: ${basic('susan', 'guess')}`, ...headers)
      const guesses = headers.length === 0 ? 50 : 0
      await until(async () => await metric(broker, 'audit_skipped_total') === 500 - guesses)
      const lines = await broker.audit()
      t.equal(lines.filter(line => line.code === code).length, 1000)
      t.equal(lines.filter(line => line.code === 'credentials-wrong').length, guesses)
      t.equal(lines.length, 1000 + guesses)
      for (let i = guesses; i < 50; i++) await ask(broker.url, { as: basic('susan', 'guess') })
      t.equal((await broker.audit()).filter(line => line.code === 'credentials-wrong').length, 50, 'each guess is on record')
      await ask(broker.url, { as: basic('susan', 'guess'), headers: { Origin: 'https://evil.test' }, from: '127.0.0.2' })
      t.has((await broker.audit()).at(-1), { ip: '127.0.0.2', code: 'origin-refused' })
    })
  }
})

t.test('S129: a full queue, which strangers can fill, is one warning a minute in the log and no error', async t => {
  let letOn = () => {}
  const held = new Promise<void>(resolve => { letOn = resolve })
  let hashed = 0
  const broker = await startBroker({
    async verifyHash (hash, password) {
      hashed++
      await held
      return inThread(hash, password)
    }
  })
  t.teardown(broker.close)
  const many = Array.from({ length: 200 }, (_, i) => ask(broker.url, { as: basic(`nobody${i}`, 'guess') }))
  await until(() => requests(broker).filter(({ code }) => code === 'overloaded').length >= 20)
  t.has(failures(broker), [{ level: 40, code: 'overloaded' }])
  t.ok(hashed <= availableParallelism())
  letOn()
  await Promise.all(many)
  t.equal(failures(broker).length, 1)
})

t.test('an outage is an error a minute in the log for each of its causes, however many ask', async t => {
  const server = await loginServer((_login, response) => answer(response, 401, {}))
  t.teardown(server.close)
  const broker = await startBroker({ settings: { LOGIN_URL: server.url, LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  await server.stop()
  for (let i = 0; i < 50; i++) t.has(await ask(broker.url, { as: basic('susan', `password-${i}`) }), { status: 503, body: { code: 'store-unavailable' } })
  t.ok(failures(broker).length >= 1 && failures(broker).length <= 5, `${failures(broker).length} lines`)
  t.strictSame([...new Set(failures(broker).map(({ level, code }) => `${level} ${code}`))], ['50 store-unavailable'])
})

t.test('a text is let through once a minute, with the number of those that were not, and too many texts are not let through at all', t => {
  const time = clock()
  const rare = new OncePerMinute(time.now)
  t.equal(rare.take('a'), 0)
  t.equal(rare.take('a'), undefined)
  t.equal(rare.take('a'), undefined)
  t.equal(rare.take('b'), 0)
  time.pass(60_000)
  t.equal(rare.take('a'), 2)
  t.equal(rare.take('a'), undefined)
  for (let i = 0; i < 31; i++) t.equal(rare.take(`text ${i}`), 0)
  t.equal(rare.take('one more'), undefined)
  t.equal(rare.take('b'), undefined)
  time.pass(60_000)
  t.equal(rare.take('one more'), 0)
  t.equal(rare.take('text 30'), 0)
  t.end()
})
