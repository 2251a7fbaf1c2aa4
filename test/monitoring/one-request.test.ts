import { PassThrough } from 'node:stream'
import t from 'tap'
import { serve } from '../../src/cli/start.js'
import type { Running } from '../../src/server/start.js'
import { basic, cheapHash, complete, startBroker, susan, type Broker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { jsonLines } from '../helpers/lines.js'
import { answer, loginServer } from '../helpers/login-server.js'
import { until } from '../helpers/until.js'

interface LogLine { time: string, msg: string, requestId?: string, traceId?: string, caller?: string, origin?: string, skipped?: number, path?: string }

const logged = ({ log }: Pick<Broker, 'log'>) => jsonLines<LogLine>(log())
const requests = (broker: Broker) => logged(broker).filter(({ msg }) => msg === 'request')
const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const traceparent = `00-${trace}-${span}-01`

/** A broker whose callers are behind a login that keeps what it is sent. */
async function withLogin (settings: Record<string, string> = {}) {
  const sent: Array<string | undefined> = []
  const login = await loginServer(({ username, password }, response, { headers }) => {
    sent.push(headers.traceparent as string | undefined)
    if (username === 'down') answer(response, 500)
    else answer(response, password === 'secret123' ? 200 : 401, {})
  })
  const broker = await startBroker({ settings: { LOGIN_URL: login.url, ...settings } })
  t.teardown(async () => {
    await broker.close()
    await login.close()
  })
  sent.length = 0
  return { broker, sent }
}

t.test('one requestId, and the traceId of a valid traceparent, lead through answer, log and audit', async t => {
  const { broker, sent } = await withLogin()
  const cases = [
    { says: 'a token', as: susan, status: 200, event: 'token.issued' },
    { says: 'a refusal', as: basic('olga', 'wrong'), status: 401, event: 'token.refused' },
    { says: 'an outage', as: basic('down', 'secret123'), status: 503, event: 'token.refused' }
  ]
  for (const { says, as, status, event } of cases) {
    const got = await ask(broker.url, { as, headers: { traceparent } })
    t.equal(got.status, status, says)
    const requestId = got.headers['x-request-id'] as string
    t.notMatch(requestId, trace, 'a trace is no request id')
    if (status !== 200) t.equal(got.body.requestId, requestId)
    t.has((await broker.audit()).at(-1), { event, requestId, traceId: trace })
    await until(() => requests(broker).some(line => line.requestId === requestId))
    const lines = logged(broker).filter(line => line.requestId === requestId)
    t.equal(lines.length, status === 503 ? 2 : 1)
    for (const line of lines) {
      t.has(line, { traceId: trace })
      t.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    }
  }
  t.strictSame(sent.slice(0, 3), [traceparent, traceparent, traceparent], 'the login is part of the trace')
  t.notMatch(broker.log(), /reqId|"olga"/)
  t.has(requests(broker).map(({ caller }) => caller), ['susan', undefined, undefined], 'a name only once it is proven')
})

t.test('a traceparent that is not valid is ignored', async t => {
  const { broker, sent } = await withLogin({ LOGIN_FAILURES_MAX: '1000' })
  const cases = [
    { says: 'none', header: undefined },
    { says: 'empty', header: ' ' },
    { says: 'no trace', header: `00-${'0'.repeat(32)}-${span}-01` },
    { says: 'no span', header: `00-${trace}-${'0'.repeat(16)}-01` },
    { says: 'the version that is forbidden', header: `ff-${trace}-${span}-01` },
    { says: 'capital letters', header: traceparent.toUpperCase() },
    { says: 'too short', header: `00-${trace.slice(1)}-${span}-01` },
    { says: 'more than version 00 has', header: `${traceparent}-more` },
    { says: 'something before it', header: `x${traceparent}` },
    { says: 'two of them', header: [traceparent, traceparent] },
    { says: 'markup', header: '<script>' }
  ]
  for (const { says, header } of cases) {
    const got = await ask(broker.url, { as: basic('olga', says), ...(header !== undefined && { headers: { traceparent: header } }) })
    t.equal(got.status, 401, says)
    t.notOk((await broker.audit()).at(-1)!.traceId, says)
  }
  t.ok(sent.length > 0 && sent.every(header => header === undefined))
  const later = `01-${trace}-${span}-00-what.later.versions.add`
  await ask(broker.url, { as: susan, headers: { traceparent: later } })
  t.has((await broker.audit()).at(-1), { event: 'token.issued', traceId: trace }, 'a later version begins as this one')
  t.equal(sent.at(-1), later, 'and is passed on as it is')
})

t.test('the origin of a page that may not ask is logged once a minute, with what to set', async t => {
  const broker = await startBroker({ settings: { CORS_ORIGINS: 'https://app.example.com', METRICS_PORT: '0' } })
  t.teardown(broker.close)
  const preflight = { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } }
  const lines = () => logged(broker).filter(({ origin }) => origin !== undefined)
  const from = (origin: string, { method = 'POST', headers = {} } = {}) => ask(broker.url, { as: susan, method, headers: { Origin: origin, ...headers } })

  t.equal((await from('https://app.example.com', preflight)).status, 204)
  t.equal((await from('https://app.example.com')).status, 200)
  t.equal((await ask(broker.url, { as: susan, headers: { 'Sec-Fetch-Mode': 'no-cors' } })).status, 403)
  t.strictSame(lines(), [], 'one that is listed is not, nor is a page that names none')

  await from('https://app.example.com:8443', preflight)
  await from('https://app.example.com:8443', preflight)
  await from('https://app.example.com:8443')
  t.match(lines(), [{ level: 40, origin: 'https://app.example.com:8443', msg: /refused; if it is yours, add the origin to CORS_ORIGINS, or set PUBLIC_URL/ }])
  await from('null')
  await from(`https://\x85evil.test/${'x'.repeat(300)}`)
  t.match(lines().slice(1), [
    { origin: 'null', msg: /without an origin is refused/ },
    { origin: `https://%85evil.test/${'x'.repeat(300)}`.slice(0, 258), skipped: 2 }
  ])

  for (let i = 0; i < 30; i++) await from(`https://${i}.evil.test`, preflight)
  t.equal(lines().length, 20, 'at most 20 in all')
  t.match((await ask(broker.metricsUrl!, { method: 'GET', path: '/metrics' })).text, /^token_broker_origins_skipped_total 15$/m)
})

t.test('on a terminal the log is one line a request, with a name only once it is proven', async t => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` })
  let running: Running | undefined
  await serve({ env: { ...complete, NO_COLOR: '1' }, cwd, stdin: new PassThrough(), stdout: new PassThrough(), stderr }, started => { running = started })
  t.teardown(() => running!.close())
  const cases = [
    { as: susan, line: /^\d\d:\d\d:\d\d 200 GET \/token\/video susan \d+ ms$/m },
    { as: basic('hunter2-typed-as-a-name', 'x'), line: /^\d\d:\d\d:\d\d 401 GET \/token\/video credentials-wrong \d+ ms$/m },
    { as: susan, path: '/token/nope?password=hunter2', line: /^\d\d:\d\d:\d\d 404 GET \/token\/nope susan product-unknown \d+ ms$/m }
  ]
  let shown = ''
  stderr.on('data', chunk => { shown += chunk })
  for (const { line, ...request } of cases) {
    await ask(running!.url, { method: 'GET', ...request })
    await until(() => line.test(shown))
  }
  running!.logger.warn({ name: 'x' }, 'what is no request')
  await until(() => /^\[\d\d:\d\d:\d\d\] WARN.*: what is no request$/m.test(shown))
  t.notMatch(shown, /hunter2/)
  t.equal(shown.match(/ GET /g)!.length, cases.length)
})
