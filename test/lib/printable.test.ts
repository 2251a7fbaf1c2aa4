import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { serve } from '../../src/cli/start.js'
import { cheapHash, complete, startBroker, susan, type AuditLine } from '../helpers/broker.js'
import { application, token } from '../helpers/embedded.js'
import { ask, raw } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { first, secure } from '../helpers/https.js'
import { jsonLines } from '../helpers/lines.js'
import { until } from '../helpers/until.js'

const uuid = /^[0-9a-f-]{36}$/

/** Whether nothing in it obeys, hides or turns, but for the ends of its lines. */
function isPlain (t: Test, text: string, what: string): void {
  t.notMatch(text, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, `${what} has no control or format character`)
}

interface LogLine { msg: string, method: string, path: string, requestId: string }

const lines = (log: string) => jsonLines<LogLine>(log)
const requests = (log: string) => lines(log).filter(({ msg }) => msg === 'request')

t.test('S130: what strangers write into headers and paths reaches audit and log in printable ASCII, and cut', async t => {
  const broker = await startBroker({ settings: { TRUST_PROXY: '127.0.0.1' } })
  t.teardown(broker.close)
  const send = (path: string, ...headers: string[]) =>
    raw(broker.url, Buffer.from([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', `Authorization: ${susan}`, ...headers, '', ''].join('\r\n'), 'latin1'))
  const audited = async () => (await broker.audit()).at(-1)!

  const origins: Array<[sent: string, written: string]> = [
    ['https://a.example\x85\x9b31m', 'https://a.example%85%9B31m'],
    ['https://a.example\xe2\x80\xae', 'https://a.example%E2%80%AE'],
    [`https://a.example/${'x'.repeat(9000)}`, `https://a.example/${'x'.repeat(238)}`]
  ]
  for (const [sent, written] of origins) {
    await send('/token/video', `Origin: ${sent}`)
    t.equal((await audited()).origin, written)
  }
  for (const [forwarded, ip] of [[`fe80::1%${'z'.repeat(5000)}`, 'fe80::1'], ['fe80::1%eth0', 'fe80::1'], ['203.0.113.9', '203.0.113.9'], ['\x9b31m', '127.0.0.1']] as const) {
    await send('/token/video', `X-Forwarded-For: ${forwarded}`)
    t.equal((await audited()).ip, ip, forwarded.slice(0, 20))
  }

  const before = requests(broker.log()).length
  await send(`/${'x'.repeat(15_000)}`)
  await until(() => requests(broker.log()).length === before + 1)
  t.equal(requests(broker.log()).at(-1)!.path, `/${'x'.repeat(255)}`)
  t.ok(broker.log().split('\n').every(line => line.length < 1000))
  isPlain(t, broker.log(), 'the log')
  isPlain(t, readFileSync(join(broker.folder, 'audit.log'), 'utf8'), 'the audit')
})

t.test('addresses that differ in their zone alone share one limit', async t => {
  const broker = await startBroker({ settings: { TRUST_PROXY: '127.0.0.1', RATE_LIMIT_MAX: '2' } })
  t.teardown(broker.close)
  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await ask(broker.url, { as: susan, headers: { 'X-Forwarded-For': `fe80::1%zone${i}` } })).status)
  t.strictSame(statuses, [200, 200, 429, 429])
})

t.test('S132: a method that HTTP has no word for, as HTTP/2 lets through, is 405 like any other, and cut in the log', async t => {
  const broker = await startBroker({ settings: { ...secure, CORS_ORIGINS: 'https://a.example' }, files: first })
  t.teardown(broker.close)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  for (const method of ['X', 'get', 'X'.repeat(9000)]) {
    const answer = await askIn(client, { method, as: susan, headers: { origin: 'https://a.example' } })
    t.has(answer, { status: 405, body: { code: 'method-not-allowed' }, headers: { allow: 'GET, POST', 'access-control-allow-origin': 'https://a.example' } }, method.slice(0, 9))
    t.match(answer.headers.ratelimit, /^"address"/, method.slice(0, 9))
  }
  t.has(await askIn(client, { method: 'X', path: '/healthz' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await askIn(client, { method: 'X', path: '/a\x9b31m\xe2\x80\xae?canary-query' }), { status: 404 })
  await until(() => requests(broker.log()).length === 5)
  t.strictSame(requests(broker.log()).map(({ method }) => method), ['X', 'get', 'X'.repeat(32), 'X', 'X'])
  t.equal(requests(broker.log()).at(-1)!.path, '/a%9B31m%E2%80%AE')
  t.notMatch(broker.log(), /"level":(50|60)|canary/)
  isPlain(t, broker.log(), 'the log')
})

t.test('what callers write into a token reads the same in the audit, and stands there in escapes', async t => {
  const broker = await startBroker()
  t.teardown(broker.close)
  for (const room of ['\x7f', '\x85\x9b31m', 'a\u2028b', '\u202eroom', '\u{e0041}', 'Zo\u00eb \u{1f600}']) {
    t.equal((await ask(broker.url, { as: susan, body: { room } })).status, 200)
    t.has((await broker.audit()).at(-1), { grants: { video: { room } } })
  }
  const text = readFileSync(join(broker.folder, 'audit.log'), 'utf8')
  isPlain(t, text, 'the audit')
  t.match(text, /"\\u202eroom"[^]*"\\udb40\\udc41"[^]*"Zo\u00eb \u{1f600}"/u)
})

t.test('on a terminal the log shows no such character either', async t => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  const cwd = t.testdir({ 'users.htpasswd': `susan:${await cheapHash('secret123')}\n` })
  let running: { logger: { warn: (fields: object, message: string) => void }, close: () => Promise<void> } | undefined
  await serve({ env: { ...complete, NO_COLOR: '1' }, cwd, stdin: new PassThrough(), stdout: new PassThrough(), stderr }, started => { running = started })
  running!.logger.warn({ cause: '\u202ecause', err: new Error('a\x1b[31m\x9bb\u2066') }, '\x1b[31m\u202emessage')
  await running!.close()
  const shown = String(stderr.read())
  t.match(shown, /message/)
  isPlain(t, shown, 'the log')
})

t.test('S131: an application\'s request id is taken where it is short and plain, and else replaced', async t => {
  const ids = ['req-1', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'x'.repeat(128), 'x'.repeat(129), 'y'.repeat(6000), 'a\r\nb', 'a\x9bb', '"><script>', '']
  let next = 0
  const { url, close, audit, log } = await application({ server: { genReqId: () => ids[next++]! } })
  t.teardown(close)
  const expected = [...ids.slice(0, 3), ...ids.slice(3).map(() => uuid)]
  for (const [i, id] of ids.entries()) {
    const refused = await ask(url, { as: susan, path: '/twilio/token/nope' })
    t.has(refused, { status: 404 }, JSON.stringify(id).slice(0, 40))
    t.match(refused, { headers: { 'x-request-id': expected[i] }, body: { requestId: expected[i] } }, JSON.stringify(id).slice(0, 40))
    t.equal(refused.headers['x-request-id'], refused.body.requestId)
  }
  t.match((await audit()).map(({ requestId }: AuditLine) => requestId), expected)
  t.match(requests(log()).map(({ requestId }) => requestId), expected)
  t.equal((await ask(url, { as: susan, path: token })).status, 200)
})
