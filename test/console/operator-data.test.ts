import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { callerOf, decoded, isHashed, matching, minuteOf, outcomeOf, timeOf, zoneOf } from '../../src/console/audit-lines.js'
import { askAfter, barsOf, codesOf, countsOf, loginTimesOf, rowsOf, rowsWithSum, spanOf, withAnswer, type Event, type Nodes, type OperatorData, type Slot } from '../../src/console/operator-data.js'
import { tilesOf } from '../../src/console/tiles.js'
import { startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { root } from '../helpers/root.js'

const at = '2026-11-24T12:00:30.000Z'
const second = (iso: string) => Date.parse(iso) / 1000
const noLogins = { count: 0, meanMs: 0, slowestMs: 0 }
const slot = (ago: number, more: Partial<Slot> = {}) => ({ ago, tokens: {}, refusals: {}, codes: {}, logins: noLogins, ...more })
const node = { id: 'one', host: 'web-1', pid: 7, version: '1.0.0', since: '2026-11-24T09:00:00.000Z' }
const answer = (more: Partial<OperatorData> = {}): OperatorData => ({
  at,
  node,
  readiness: { missing: [], degraded: [] },
  gauges: { store_up: 1, audit_up: 1, audit_owed: 0, limits_shared: 1, keys_up: 1, hashes_running: 1, hashes_waiting: 0 },
  minutes: [],
  quarters: [],
  elapsed: { minute: 30, quarter: 30 },
  products: [],
  reloads: {},
  locked: { names: 0, locks: [] },
  settings: {},
  values: {},
  lastEvent: 0,
  events: [],
  ...more
})

t.test('each window is cut into slots that end with the running one', t => {
  const cases = [
    { name: '15 minutes', count: 15, first: '2026-11-24T11:46:00Z', last: '2026-11-24T12:00:00Z' },
    { name: '1 hour', count: 60, first: '2026-11-24T11:01:00Z', last: '2026-11-24T12:00:00Z' },
    { name: '24 hours', count: 96, first: '2026-11-23T12:15:00Z', last: '2026-11-24T12:00:00Z' }
  ] as const
  for (const { name, count, first, last } of cases) {
    const { starts } = spanOf(answer(), name)
    t.strictSame([starts.length, starts[0], starts.at(-1)], [count, second(first), second(last)], name)
  }
  t.end()
})

t.test('slots in which nothing happened are 0, and those before the start are a gap', t => {
  const minutes = [slot(2, { tokens: { video: 3, sync: 1 }, codes: { 'not-allowed': 1 } }), slot(0, { tokens: { video: 5 }, codes: { 'not-allowed': 1, 'login-limited': 3 } })]
  const since = '2026-11-24T11:57:20.000Z'
  const span = spanOf(answer({ minutes, node: { ...node, since } }), '15 minutes')
  const series = countsOf(span, ({ tokens }) => tokens)
  t.equal(span.first, 11)
  t.strictSame(series, { names: ['video', 'sync'], values: [[...Array(11).fill(null), 0, 3, 0, 5], [...Array(11).fill(null), 0, 1, 0, 0]] }, 'the most frequent first')
  t.strictSame(rowsOf(series, 14), [{ name: 'video', value: 5, sum: 8, most: 5 }, { name: 'sync', value: 0, sum: 1, most: 1 }])
  t.strictSame(rowsWithSum(series, 14).map(({ name, value, sum }) => [name, value, sum]), [['', 5, 9], ['video', 5, 8], ['sync', 0, 1]], 'below all together')
  t.equal(rowsWithSum(series, 0)[0]!.value, null)
  t.strictSame(rowsOf(series, 0).map(({ value }) => value), [null, null])
  t.strictSame(codesOf(span), [['login-limited', 3], ['not-allowed', 2]])
  t.equal(spanOf(answer(), '24 hours').first, 83, 'the quarter of the start is known in part')
  t.end()
})

t.test('bars stand on each other, so that none hides another', t => {
  const series = { names: ['one', 'other'], values: [[null, 2, 0], [null, 2, 5]] }
  t.strictSame(barsOf(series, true), [{ from: [0, 0, 0], to: [null, 2, 0] }, { from: [0, 2, 0], to: [null, 4, 5] }])
  t.strictSame(barsOf(series, false), [{ from: [0, 0, 0], to: [null, 2, 0] }, { from: [0, 2, 0], to: [null, 2, 5] }], 'the mean, and from there on the slowest')
  t.end()
})

t.test('login times have a value only where somebody signed in', t => {
  const minutes = [slot(1, { logins: { count: 2, meanMs: 30, slowestMs: 50 } }), slot(0)]
  t.strictSame(loginTimesOf(spanOf(answer({ minutes }), '15 minutes')), { names: ['mean', 'slowest'], values: [30, 50].map(ms => [...Array(13).fill(null), ms, null]) })
  t.strictSame(loginTimesOf(spanOf(answer(), '15 minutes')), { names: [], values: [] })
  t.end()
})

const event = (n: number, more: Partial<Event> = {}): Event => ({ n, time: at, event: 'token.issued', requestId: `request-${n}`, ip: '10.0.0.1', caller: 'susan', products: ['video'], ...more })

t.test('answers of several nodes behind one address are kept apart, and a node that is gone is forgotten', t => {
  const numbers = (nodes: Nodes) => Object.fromEntries([...nodes].map(([id, { events }]) => [id, events.map(({ n }) => n)]))
  const other = { ...node, id: 'two' }
  const empty: Nodes = new Map()
  t.equal(askAfter(empty), 0)
  const one = withAnswer(empty, answer({ events: [event(1), event(2)] }), 0)
  t.equal(askAfter(one), 2)
  t.equal(withAnswer(one, answer({ events: [event(2)] }), 1).get('one')!.events, one.get('one')!.events, 'the same list where nothing is new')
  const both = withAnswer(withAnswer(one, answer({ node: other, events: [event(1)] }), 3000), answer({ events: [event(2), event(3)] }), 6000)
  t.strictSame(numbers(both), { one: [1, 2, 3], two: [1] })
  t.equal(askAfter(both), 0, 'nobody knows which one will answer')
  t.strictSame(numbers(withAnswer(both, answer({ node: other }), 66_000)), { two: [1] })
  const many = withAnswer(empty, answer({ events: Array.from({ length: 200 }, (_, i) => event(i)) }), 0)
  t.equal(withAnswer(many, answer({ events: [event(200)] }), 1).get('one')!.events.length, 200, 'as many as the broker keeps')
  t.end()
})

t.test('lines are filtered by event, product and text, a request id among them, and the newest is the first', t => {
  const all = [event(1), event(2, { event: 'token.refused', code: 'not-allowed', products: ['sync'] }), event(3, { caller: 'Bob', identity: 'guest-1' }), event(4, { event: 'token.refused', ip: '::1', caller: undefined, products: undefined, code: 'login-limited' })]
  const none = { event: '', product: '', text: '' } as const
  const cases: Array<[Partial<Parameters<typeof matching>[1]>, number[]]> = [
    [{}, [4, 3, 2, 1]], [{ event: 'token.refused' }, [4, 2]], [{ product: 'sync' }, [2]], [{ text: ' bob' }, [3]], [{ text: 'GUEST' }, [3]], [{ text: '10.0' }, [3, 2, 1]], [{ text: 'limited' }, [4]], [{ event: 'token.issued', text: 'limited' }, []], [{ text: 'request-2' }, [2]]
  ]
  for (const [filter, numbers] of cases) t.strictSame(matching(all, { ...none, ...filter }).map(({ n }) => n), numbers, JSON.stringify(filter))
  t.end()
})

t.test('a line says in words who asked and what became of it', t => {
  const callers: Array<[Partial<Event>, string]> = [
    [{}, 'susan'], [{ identity: 'susan' }, 'susan'], [{ identity: 'guest-1' }, 'susan as guest-1'], [{ caller: undefined }, 'unknown'], [{ caller: 'hmac:0123456789abcdef' }, 'not proven (01234567…)']
  ]
  for (const [more, words] of callers) t.equal(callerOf(event(1, more)), words)
  t.strictSame([isHashed(event(1)), isHashed(event(1, { caller: undefined })), isHashed(event(1, { caller: 'hmac:01' }))], [false, false, true])
  const outcomes: Array<[Partial<Event>, string[]]> = [
    [{ grants: { video: { room: 'My Room' } } }, ['may enter the video room My Room']],
    [{ grants: { video: {} }, wouldRefuse: 'room: is not allowed' }, ['may enter any video room', 'the policy would refuse it: room: is not allowed']],
    [{ code: 'not-allowed' }, ['not-allowed']],
    [{ code: 'bearer-wrong', reason: 'signature' }, ['bearer-wrong: signature']],
    [{ sessionId: 'abc' }, ['session abc']]
  ]
  for (const [more, sentences] of outcomes) t.strictSame(outcomeOf(event(1, more)), sentences)
  t.end()
})

t.test('times are local, with their zone, and with their date unless it is today', t => {
  const zone = process.env.TZ
  t.teardown(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  const now = new Date('2026-11-24T12:00:00Z')
  const cases = [
    { zone: 'UTC', name: 'UTC', today: '01:02:03', before: '2026-11-23 01:02:03', minute: '01:02' },
    { zone: 'Asia/Kolkata', name: 'UTC+05:30', today: '06:32:03', before: '2026-11-23 06:32:03', minute: '06:32' },
    { zone: 'America/New_York', name: 'UTC−05:00', today: '2026-11-23 20:02:03', before: '2026-11-22 20:02:03', minute: '20:02' }
  ]
  for (const { zone, name, today, before, minute } of cases) {
    process.env.TZ = zone
    t.strictSame([zoneOf(now), timeOf('2026-11-24T01:02:03Z', now), timeOf('2026-11-23T01:02:03Z', now), minuteOf(second('2026-11-24T01:02:03Z'))], [name, today, before, minute], zone)
  }
  t.match([zoneOf(), timeOf(new Date().toISOString())], [/^UTC/, /^\d\d:\d\d:\d\d$/])
  t.strictSame([decoded('a%2Fb'), decoded('%zz')], ['a/b', ''])
  t.end()
})

t.test('a tile says OK, or in a word what is wrong', t => {
  const gauges = answer().gauges
  const tile = (id: string, more: Partial<OperatorData> = {}) => {
    const data = answer(more)
    const { state, word, detail } = tilesOf(data, spanOf(data, '1 hour'), 'the last hour').find(tile => tile.id === id) ?? {}
    return [state, word, detail]
  }
  const cases: Array<{ id: string, more?: Partial<OperatorData>, says: unknown[] }> = [
    { id: 'broker', says: ['good', 'OK', 'can issue tokens'] },
    { id: 'broker', more: { readiness: { missing: ['store', 'audit'], degraded: [] } }, says: ['bad', 'Not ready', 'without callers, audit'] },
    { id: 'broker', more: { readiness: { missing: ['shutdown'], degraded: [] } }, says: ['bad', 'Not ready', 'is stopping'] },
    { id: 'broker', more: { readiness: { missing: [], degraded: ['redis'] } }, says: ['warn', 'Degraded', 'without Redis'] },
    { id: 'store', says: ['good', 'OK', 'can sign in'] },
    { id: 'store', more: { gauges: { ...gauges, store_up: 0 } }, says: ['bad', 'Down', 'nobody can sign in'] },
    { id: 'audit', says: ['good', 'OK', 'is written'] },
    { id: 'audit', more: { gauges: { ...gauges, audit_up: 0, audit_owed: 1 } }, says: ['bad', 'Stopped', 'no token is issued; 1 line waits'] },
    { id: 'audit', more: { gauges: { ...gauges, audit_up: 0, audit_owed: 2 } }, says: ['bad', 'Stopped', 'no token is issued; 2 lines wait'] },
    { id: 'limits', says: ['good', 'OK', 'counted on this node'] },
    { id: 'limits', more: { settings: { REDIS_URL: true } }, says: ['good', 'OK', 'shared over Redis'] },
    { id: 'limits', more: { gauges: { ...gauges, limits_shared: 0 }, values: { REDIS_DOWN: 'local' } }, says: ['warn', 'Redis down', 'counted on this node'] },
    { id: 'limits', more: { gauges: { ...gauges, limits_shared: 0 }, values: { REDIS_DOWN: 'closed' } }, says: ['bad', 'Redis down', 'requests get 503'] },
    { id: 'keys', says: [undefined, undefined, undefined] },
    { id: 'keys', more: { settings: { JWT_ISSUER: true } }, says: ['good', 'OK', 'up to date'] },
    { id: 'keys', more: { settings: { JWT_ISSUER: true }, gauges: { ...gauges, keys_up: 0 } }, says: ['warn', 'Not renewed', 'the last ones still serve'] },
    { id: 'keys', more: { settings: { JWT_ISSUER: true }, gauges: { ...gauges, keys_up: 0 }, readiness: { missing: ['keys'], degraded: [] } }, says: ['bad', 'None', 'bearer tokens get 503'] },
    { id: 'logins', says: ['good', 'OK', 'nobody waits'] },
    { id: 'logins', more: { gauges: { ...gauges, hashes_waiting: 9 } }, says: ['warn', '9 waiting', '1 checked now'] },
    { id: 'guesses', says: ['good', '0 locked', '0 sign-ins refused in the last hour'] },
    { id: 'guesses', more: { minutes: [slot(3, { codes: { 'login-limited': 1 } })] }, says: ['good', '0 locked', '1 sign-in refused in the last hour'] },
    { id: 'guesses', more: { locked: { names: 2, locks: [] }, minutes: [slot(3, { codes: { 'login-limited': 4 } })] }, says: ['warn', '2 locked', '4 sign-ins refused in the last hour'] },
    { id: 'reloads', says: ['good', 'OK', 'no change since the start'] },
    { id: 'reloads', more: { reloads: { settings: { taken: true, at } } }, says: ['good', 'OK', 'last change taken'] },
    { id: 'reloads', more: { reloads: { users: { taken: false, at } } }, says: ['bad', 'Refused', 'users: the old ones stay'] }
  ]
  for (const { id, more, says } of cases) t.strictSame(tile(id, more), says, `${id} ${JSON.stringify(more)}`)
  t.end()
})

t.test('each tile leads to a heading that the documentation has', t => {
  const data = answer({ settings: { JWT_ISSUER: true } })
  for (const { id, docs: [file, heading] } of tilesOf(data, spanOf(data, '1 hour'), '')) t.match(readFileSync(join(root, file), 'utf8'), new RegExp(`^#+ ${heading}$`, 'm'), id)
  t.end()
})

t.test('a broker answers what the page reads', async t => {
  const broker = await startBroker({ settings: { OPERATORS: 'susan' } })
  t.teardown(broker.close)
  await ask(broker.url, { as: susan, path: '/token/sync' })
  const data: OperatorData = JSON.parse((await ask(broker.url, { method: 'GET', path: '/operator.json', as: susan })).text)
  const span = spanOf(data, '24 hours')
  // A quarter of an hour may end meanwhile.
  t.ok(span.first >= 94)
  t.has(rowsWithSum(countsOf(span, ({ tokens }) => tokens), 95), [{ name: 'sync', sum: 1, most: 1 }])
})
