import t from 'tap'
import type { Recorder, TokenIssued, TokenRefused } from '../../src/audit/audit-log.js'
import { History } from '../../src/monitoring/history.js'
import { problem } from '../../src/problems.js'
import { basic, startBroker, susan, type BrokerOptions } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'

const minute = 60_000
const users = { susan: 'secret123', olga: 'secret123' }
const operator = basic('olga', 'secret123')

const issued = (products: string[] | undefined): TokenIssued => ({
  event: 'token.issued', requestId: 'r', ip: '127.0.0.1', caller: 'susan', products, grants: {}, ttl: 60, expiresAt: '', keySid: 'SK', tokenSha256: ''
})
const refused = (code: TokenRefused['code'], products?: string[]): TokenRefused => ({ event: 'token.refused', requestId: 'r', ip: '127.0.0.1', products, code })

/** A history with a clock of its own, and the audit that it listens to. */
function setUp (record: Recorder['record'] = async () => {}) {
  const clock = { now: 0 }
  const history = new History(() => clock.now)
  const audit = history.recordingTo({ record })
  return { clock, history, audit }
}

t.test('tokens and refusals are summed by product for each minute, and an hour is kept', async t => {
  const { clock, history, audit } = setUp()
  await audit.record(issued(['video', 'sync']))
  await audit.record(refused('not-allowed', ['video']))
  await audit.record(refused('product-unknown'))
  await audit.record(refused('product-unknown', []))
  clock.now = minute
  await audit.record(issued(['video']))
  const logins = { count: 0, meanMs: 0, slowestMs: 0 }
  t.strictSame(history.minutes(), [
    { ago: 1, tokens: { video: 1, sync: 1 }, refusals: { video: 1, none: 2 }, codes: { 'not-allowed': 1, 'product-unknown': 2 }, logins },
    { ago: 0, tokens: { video: 1 }, refusals: {}, codes: {}, logins }
  ])
  clock.now = 60 * minute
  t.match(history.minutes(), [{ ago: 59, tokens: { video: 1 } }])
  await audit.record(issued(['sync']))
  t.strictSame(history.minutes().map(({ ago }) => ago).sort(), [0, 59], 'the place of an old minute is taken by a new one')
  clock.now = 1000 * minute
  t.strictSame(history.minutes(), [])
})

t.test('the last 200 events are kept, and only newer ones are told', async t => {
  const { history, audit } = setUp()
  for (let i = 0; i < 450; i++) await audit.record(issued([`product-${i}`]))
  const events = history.events()
  t.equal(events.length, 200)
  t.strictSame(events.map(({ n }) => n), Array.from({ length: 200 }, (_, i) => 251 + i))
  t.match(events.at(-1), { n: 450, event: 'token.issued', products: ['product-449'], time: /^\d{4}-.*Z$/ })
  t.strictSame(history.events(449).map(({ n }) => n), [450])
  t.strictSame(history.events(450), [])
})

t.test('what was not written is not kept', async t => {
  const { history, audit } = setUp(async () => { throw problem('audit-unavailable') })
  await t.rejects(audit.record(issued(['video'])), { code: 'audit-unavailable' })
  t.strictSame([history.events(), history.minutes()], [[], []])
})

t.test('logins are told by how many, their mean and the slowest', t => {
  const { history } = setUp()
  for (const seconds of [0.01, 0.03, 0.05]) history.login(seconds)
  t.strictSame(history.minutes()[0]!.logins, { count: 3, meanMs: 30, slowestMs: 50 })
  t.end()
})

const console = (url: string, more: Ask = {}) => ask(url, { method: 'GET', path: '/operator.json', as: operator, ...more })

async function started (t: { teardown (close: () => Promise<void>): void }, { settings, ...options }: BrokerOptions = {}) {
  const broker = await startBroker({ users, settings: { OPERATORS: 'olga', ...settings }, ...options })
  t.teardown(broker.close)
  return broker
}

t.test('operators read the last hour, what is up, and whether settings are set; never a value', async t => {
  const broker = await started(t)
  await ask(broker.url, { as: susan, body: { room: 'My Room' } })
  await ask(broker.url, { as: susan, path: '/token/nope' })
  await ask(broker.url, { as: basic('susan', 'wrong-one') })
  await broker.write('users.htpasswd', 'nonsense')
  await broker.reload()
  const { status, text, body, headers } = await console(broker.url)
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'no-store')
  t.match(body, {
    readiness: { missing: [], degraded: [] },
    gauges: { store_up: 1, audit_up: 1, limits_shared: 1, hashes_running: 0, hashes_waiting: 0 },
    minutes: [{ ago: 0, tokens: { video: 1 }, refusals: { none: 1, video: 1 }, codes: { 'product-unknown': 1, 'credentials-wrong': 1 }, logins: { count: 3 } }],
    reloads: { settings: { taken: true }, users: { taken: false } },
    settings: { TWILIO_API_KEY_SECRET: true, OPERATORS: true, TWILIO_TWIML_APP_SID: true, REDIS_URL: false },
    events: [{ n: 1, event: 'token.issued', caller: 'susan', grants: { video: { room: 'My Room' } } }, { event: 'token.refused', code: 'product-unknown' }, { code: 'credentials-wrong', caller: /^hmac:/ }]
  })
  for (const [name, secret] of Object.entries(broker.secrets)) if (name !== 'keySid') t.notOk(text.includes(secret), name)
  t.notMatch(text, /secret123|wrong-one|eyJ/)
  t.strictSame((await console(broker.url, { path: '/operator.json?after=3' })).body.events, [])
  t.match(await console(broker.url, { path: '/operator.json?after=x' }), { status: 400 })
})

t.test('others are refused it as they are refused the metrics', async t => {
  const broker = await started(t)
  t.match(await console(broker.url, { as: undefined }), { status: 401, body: { code: 'credentials-missing' } })
  t.match(await console(broker.url, { as: susan }), { status: 403, body: { code: 'not-allowed', detail: /OPERATORS/ } })
  t.match(await console(broker.url, { method: 'POST' }), { status: 405, headers: { allow: 'GET' } })
})

t.test('without the console or without operators nothing is kept, as nobody could look', async t => {
  for (const settings of [{ CONSOLE: 'false' }, { OPERATORS: '' }] as Array<Record<string, string>>) {
    const broker = await started(t, { settings })
    await ask(broker.url, { as: susan })
    t.match(await console(broker.url), { status: 404, body: { code: 'not-found' } }, JSON.stringify(settings))
  }
})
