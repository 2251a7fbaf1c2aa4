import { unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Recorder, TokenIssued, TokenRefused } from '../../src/audit/audit-log.js'
import { History } from '../../src/monitoring/history.js'
import type { OperatorData, Slot } from '../../src/monitoring/operator-data.js'
import { problem } from '../../src/problems.js'
import { basic, startBroker, susan, type BrokerOptions } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'
import { answer, loginServer } from '../helpers/login-server.js'
import { until } from '../helpers/until.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
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
  return { clock, history, audit, data: (after?: number) => history.data(new Date(0), after) }
}

t.test('tokens and refusals are summed by product for each minute, and an hour is kept', async t => {
  const { clock, data, audit } = setUp()
  await audit.record(issued(['video', 'sync']))
  await audit.record(refused('not-allowed', ['video']))
  await audit.record(refused('product-unknown'))
  await audit.record(refused('product-unknown', []))
  clock.now = minute
  await audit.record(issued(['video']))
  const logins = { count: 0, meanMs: 0, slowestMs: 0 }
  t.strictSame(data().minutes, [
    { ago: 1, tokens: { video: 1, sync: 1 }, refusals: { video: 1, none: 2 }, codes: { 'not-allowed': 1, 'product-unknown': 2 }, logins },
    { ago: 0, tokens: { video: 1 }, refusals: {}, codes: {}, logins }
  ])
  clock.now = 60 * minute
  t.match(data().minutes, [{ ago: 59, tokens: { video: 1 } }])
  await audit.record(issued(['sync']))
  t.strictSame(data().minutes.map(({ ago }) => ago).sort(), [0, 59], 'the place of an old minute is taken by a new one')
  clock.now = 1000 * minute
  t.strictSame(data().minutes, [])
})

t.test('a year without a pause takes no more memory than a day', async t => {
  const now = { minutes: 0 }
  const history = new History(() => now.minutes * minute)
  const live = (minutes: number) => {
    for (const end = now.minutes + minutes; now.minutes < end; now.minutes++) history.login(0.01)
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const [day, year] = [live(24 * 60), live(365 * 24 * 60)]
  t.ok(year - day < 20e6, `${Math.round((year - day) / 1e6)} MB`)
})

t.test('24 hours are kept by quarters of an hour, with what runs now', async t => {
  const { clock, data, audit, history } = setUp()
  for (let i = 0; i < 30 * 60; i++) {
    clock.now = i * minute
    await audit.record(issued(['video']))
    history.login(0.01)
  }
  clock.now += 30_000
  const { minutes, quarters, elapsed } = data()
  t.equal(minutes.length, 60)
  t.strictSame(quarters.map(({ ago }) => ago).sort((one, other) => one - other), Array.from({ length: 96 }, (_, i) => i))
  t.ok(quarters.every(({ tokens, logins }) => tokens.video === 15 && logins.count === 15))
  t.strictSame(elapsed, { minute: 30, quarter: 14 * 60 + 30 })
})

t.test('the data says which process it is from, since when it counts, and which products there were', async t => {
  const { clock, history, data } = setUp()
  t.equal(data().node.since, '1970-01-01T00:00:00.000Z', 'nothing was before')
  clock.now = 7 * minute
  const audit = { record: async () => {} }
  history.recordingTo(audit, ['sync', 'fax'])
  clock.now = 10 * minute
  history.recordingTo(audit, ['video', 'sync'])
  const { node, products } = history.data(new Date(60 * minute))
  // setUp has called it once.
  t.has(node, { host: hostname(), pid: process.pid, since: '1970-01-01T00:50:00.000Z' })
  t.match(node, { version: /^\d+\./, id: /^[0-9a-f-]{36}$/ })
  t.strictSame(products, ['sync', 'fax', 'video'], 'none loses its place')
  t.not(new History().data(new Date()).node.id, node.id)
})

t.test('the last 200 events are kept, and only newer ones are told', async t => {
  const { data, audit } = setUp()
  for (let i = 0; i < 450; i++) await audit.record(issued([`product-${i}`]))
  const events = data().events
  t.equal(events.length, 200)
  t.strictSame(events.map(({ n }) => n), Array.from({ length: 200 }, (_, i) => 251 + i))
  const last = events.at(-1)!
  t.has(last, { n: 450, event: 'token.issued', products: ['product-449'] })
  t.match(last.time, /^\d{4}-.*Z$/)
  t.strictSame(data(449).events.map(({ n }) => n), [450])
  t.strictSame(data(450).events, [])
})

t.test('while the audit cannot be written, refusals are counted as they are answered, and listed once their lines are written', async t => {
  const late: Array<() => void> = []
  const { clock, data, audit } = setUp(async (event, onLate) => {
    late.push(() => onLate!({ ...event, code: 'audit-unavailable' } as TokenRefused))
    throw problem('audit-unavailable')
  })
  await t.rejects(audit.record(issued(['video'])), { code: 'audit-unavailable' })
  t.strictSame([data().events, data().minutes], [[], []], 'a token that was not sent is neither')
  await t.rejects(audit.record(refused('not-allowed', ['video'])), { code: 'audit-unavailable' })
  t.match(data(), { events: [], minutes: [{ tokens: {}, refusals: { video: 1 }, codes: { 'audit-unavailable': 1 } }] })
  const before = Date.now()
  clock.now = 5 * minute
  late.at(-1)!()
  const { events, minutes } = data()
  t.match(events, [{ n: 1, code: 'audit-unavailable', products: ['video'] }])
  t.ok(Date.parse(events[0]!.time) <= before, 'the time of the refusal')
  t.match(minutes, [{ ago: 5, codes: { 'audit-unavailable': 1 } }], 'counted once')
  t.equal(minutes.length, 1)
})

t.test('logins are told by how many, their mean and the slowest', t => {
  const { history, data } = setUp()
  for (const seconds of [0.01, 0.03, 0.05]) history.login(seconds)
  t.strictSame(data().minutes[0]!.logins, { count: 3, meanMs: 30, slowestMs: 50 })
  t.end()
})

const console = (url: string, more: Ask = {}) => ask(url, { method: 'GET', path: '/operator.json', as: operator, ...more })
const data = async (url: string) => (await console(url)).body as unknown as OperatorData

async function started (t: { teardown (close: () => Promise<void>): void }, { settings, ...options }: BrokerOptions = {}) {
  const broker = await startBroker({ users, settings: { OPERATORS: 'olga', ...settings }, ...options })
  t.teardown(broker.close)
  return broker
}

t.test('operators read the last hour, what is up, and settings without a secret', async t => {
  const broker = await started(t)
  await ask(broker.url, { as: susan, body: { room: 'My Room' } })
  await ask(broker.url, { as: susan, path: '/token/nope' })
  await ask(broker.url, { as: basic('susan', 'wrong-one') })
  await broker.write('users.htpasswd', 'nonsense')
  await broker.reload()
  const { status, text, body, headers } = await console(broker.url)
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'no-store')
  t.strictSame(body.readiness, { missing: [], degraded: [] })
  t.match(body, {
    gauges: { store_up: 1, audit_up: 1, limits_shared: 1, hashes_running: 0, hashes_waiting: 0 },
    reloads: { settings: { taken: true }, users: { taken: false } },
    elapsed: { minute: Number, quarter: Number },
    node: { host: hostname(), pid: process.pid },
    products: ['chat', 'conversations', 'sync', 'video', 'voice'],
    settings: { TWILIO_API_KEY_SECRET: true, OPERATORS: true, TWILIO_TWIML_APP_SID: true, REDIS_URL: false },
    values: { TOKEN_TTL: 3600, OPERATORS: 'olga', CONSOLE: true, TWILIO_SYNC_SERVICE_SID: undefined, TWILIO_ACCOUNT_SID: /^AC..….{4}$/, TWILIO_API_KEY_SECRET: undefined },
    events: [{ n: 1, event: 'token.issued', caller: 'susan', grants: { video: { room: 'My Room' } } }, { event: 'token.refused', code: 'product-unknown' }, { code: 'credentials-wrong', caller: /^hmac:/ }]
  })
  // The minute and the quarter may end meanwhile.
  for (const slots of [body.minutes, body.quarters] as Slot[][]) {
    const sum = (part: (slot: Slot) => number | undefined) => slots.reduce((sum, slot) => sum + (part(slot) ?? 0), 0)
    t.strictSame(
      [sum(({ tokens }) => tokens.video), sum(({ refusals }) => refusals.none), sum(({ refusals }) => refusals.video), sum(({ codes }) => codes['product-unknown']), sum(({ codes }) => codes['credentials-wrong'])],
      [1, 1, 1, 1, 1]
    )
    t.equal(sum(({ logins }) => logins.count), 3)
  }
  for (const [name, secret] of Object.entries(broker.secrets)) if (name !== 'keySid') t.notOk(text.includes(secret), name)
  t.notMatch(text, /secret123|wrong-one|eyJ/)
  t.strictSame((await console(broker.url, { path: '/operator.json?after=3' })).body.events, [])
  t.match(await console(broker.url, { path: '/operator.json?after=x' }), { status: 400 })
})

t.test('others are refused it as they are refused the metrics', async t => {
  const broker = await started(t)
  t.has(await console(broker.url, { as: undefined }), { status: 401, body: { code: 'credentials-missing' } })
  const answer = await console(broker.url, { as: susan })
  t.has(answer, { status: 403, body: { code: 'not-allowed' } })
  t.match(answer.body.detail, /OPERATORS/)
  t.has(await console(broker.url, { method: 'POST' }), { status: 405, headers: { allow: 'GET' } })
})

t.test('without the console or without operators nothing is kept, as nobody could look', async t => {
  for (const settings of [{ CONSOLE: 'false' }, { OPERATORS: '' }] as Array<Record<string, string>>) {
    const broker = await started(t, { settings })
    await ask(broker.url, { as: susan })
    t.has(await console(broker.url), { status: 404, body: { code: 'not-found' } }, JSON.stringify(settings))
  }
})

t.test('while the disk is full, operators see that requests are refused, and their lines come into the list once there is room', async t => {
  const broker = await started(t, { settings: { AUDIT_LOG: 'link' }, links: { link: '/dev/full' } })
  for (const as of [susan, basic('susan', 'wrong-one')]) t.match(await ask(broker.url, { as, path: '/token/sync' }), { status: 503, body: { code: 'audit-unavailable' } })
  const full = await data(broker.url)
  const sum = (slots: Slot[], code: string) => slots.reduce((sum, { codes }) => sum + (codes[code] ?? 0), 0)
  t.equal(sum(full.minutes, 'audit-unavailable'), 2)
  t.match(full, { gauges: { audit_owed: 2 }, events: [] })
  unlinkSync(join(broker.folder, 'link'))
  writeFileSync(join(broker.folder, 'link'), '')
  await broker.reload()
  await until(async () => (await data(broker.url)).events.length === 2)
  const { events, gauges, minutes } = await data(broker.url)
  t.match(events, [{ code: 'audit-unavailable', caller: 'susan' }, { code: 'audit-unavailable', caller: /^hmac:/ }])
  t.equal(gauges.audit_owed, 0)
  t.equal(sum(minutes, 'audit-unavailable'), 2)
})

t.test('operators see which callers are locked and until when, and no name that is no caller\'s', async t => {
  const broker = await started(t, { settings: { LOGIN_FAILURES_MAX: '1' } })
  t.strictSame((await data(broker.url)).locked, { names: 0, locks: [] })
  for (const name of ['a-password', 'a-password', 'susan', 'susan']) await ask(broker.url, { as: basic(name, 'wrong-one'), path: '/token/sync' })
  const { text, body } = await console(broker.url)
  const { at, locked, events } = body as unknown as OperatorData
  t.match(locked, { names: 2, locks: [{ caller: 'susan', address: '127.0.0.1', until: String }, { caller: events[0]!.caller }] })
  t.match(locked.locks[1]!.caller, /^hmac:/)
  t.notMatch(text, /a-password/i)
  const left = (Date.parse(locked.locks[0]!.until) - Date.parse(at)) / 60_000
  t.ok(left > 10 && left <= 15, `${left} minutes`)
})

t.test('with the application\'s own login, names that have signed in are known', async t => {
  const login = await loginServer(({ password }, response) => answer(response, password === 'secret123' ? 200 : 401, {}))
  t.teardown(login.close)
  const broker = await started(t, { users: null, settings: { LOGIN_FAILURES_MAX: '1', LOGIN_URL: login.url } })
  for (const password of ['secret123', 'wrong-one', 'wrong-one']) await ask(broker.url, { as: basic('susan', password), path: '/token/sync' })
  for (const password of ['wrong-one', 'wrong-one']) await ask(broker.url, { as: basic('ghost', password), path: '/token/sync' })
  t.match((await data(broker.url)).locked, { names: 2, locks: [{ caller: 'susan' }, { caller: /^hmac:/ }] })
})

t.test('of a name that a store takes in several spellings, operators see none that somebody typed: one may be a password', async t => {
  const login = await loginServer(({ username, password }, response) => answer(response, password === ({ olga: 'secret123', susan2024: 'Susan2024' } as Record<string, string>)[username] ? 200 : 401, {}))
  t.teardown(login.close)
  const broker = await started(t, { users: null, settings: { LOGIN_FAILURES_MAX: '1', LOGIN_URL: login.url } })
  await ask(broker.url, { as: basic('susan2024', 'Susan2024'), path: '/token/sync' })
  for (const typed of ['Susan2024', 'su\u202esan2024']) {
    await ask(broker.url, { as: basic(typed, 'wrong-one'), path: '/token/sync' })
    t.equal((await ask(broker.url, { as: basic(typed, 'wrong-one'), path: '/token/sync' })).status, 429)
    t.match((await data(broker.url)).locked, { names: 1, locks: [{ caller: 'susan2024' }] })
  }
})
