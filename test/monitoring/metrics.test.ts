import { readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ATTEMPT_TIMEOUT_MS } from '../../src/callers/stores/circuit-breaker.js'
import { parse } from 'yaml'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'
import { loginServer, answer } from '../helpers/login-server.js'
import { noRedis, redisServer } from '../helpers/redis.js'
import { heldTimers } from '../helpers/held-timers.js'
import { until } from '../helpers/until.js'

const wrong = basic('susan', 'wrong-one')
const users = { susan: 'secret123', olga: 'secret123' }
const operator = basic('olga', 'secret123')
const metrics = (url: string, more: Ask = {}) => ask(url, { method: 'GET', path: '/metrics', as: operator, ...more })
const ready = (url: string) => ask(url, { method: 'GET', path: '/readyz' })

/** The value of one line of Prometheus text. */
async function value (url: string, line: string): Promise<number | undefined> {
  const { text } = await metrics(url)
  const found = text.split('\n').find(one => one.startsWith(`${line} `))
  return found === undefined ? undefined : Number(found.slice(line.length + 1))
}

t.test('a broker that has all it needs is ready, says no more, and never limits the question', async t => {
  const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '1' } })
  t.teardown(broker.close)
  for (let i = 0; i < 5; i++) {
    const { status, body, headers } = await ready(broker.url)
    t.equal(status, 200)
    t.strictSame(body, { ready: true, degraded: [] })
    t.equal(headers['cache-control'], 'no-store')
  }
  t.equal((await ask(broker.url, { method: 'HEAD', path: '/readyz' })).status, 200)
  t.has(await ask(broker.url, { method: 'POST', path: '/readyz' }), { status: 405, headers: { allow: 'GET, HEAD' } })
})

t.test('Redis away is degraded where each node limits for itself, and missing where requests are refused', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  const local = await startBroker({ users, settings: { REDIS_URL: redis.url, OPERATORS: 'olga' } })
  t.teardown(local.close)
  const closed = await startBroker({ settings: { REDIS_URL: redis.url, REDIS_DOWN: 'closed' } })
  t.teardown(closed.close)
  t.equal(await value(local.url, 'token_broker_limits_shared'), 1)
  await redis.kill()
  await until(async () => (await ready(local.url)).body.degraded !== undefined && (await ready(closed.url)).status === 503)
  await until(async () => JSON.stringify((await ready(local.url)).body) === '{"ready":true,"degraded":["redis"]}')
  t.strictSame((await ready(closed.url)).body, { ready: false, missing: ['redis'], degraded: [] })
  t.equal(await value(local.url, 'token_broker_limits_shared'), 0)
  await redis.start()
  await until(async () => (await ready(closed.url)).status === 200)
})

t.test('a store that is away makes it not ready, until it is back', async t => {
  const server = await loginServer(({ password }, response) => answer(response, password === 'secret123' ? 200 : 401, {}))
  t.teardown(server.close)
  const broker = await startBroker({ settings: { LOGIN_URL: server.url, OPERATORS: 'olga,pavel' } })
  t.teardown(broker.close)
  t.equal(await value(broker.url, 'token_broker_store_up'), 1)
  await server.stop()
  await until(async () => {
    await ask(broker.url, { as: wrong })
    return (await ready(broker.url)).status === 503
  })
  t.strictSame((await ready(broker.url)).body, { ready: false, missing: ['store'], degraded: [] })
  t.equal(await value(broker.url, 'token_broker_store_up'), 0, 'an operator who is remembered still sees it')
  t.has(await metrics(broker.url, { as: basic('pavel', 'secret123') }), { status: 503, body: { code: 'store-unavailable' } }, 'one who is not gets in no more than others')
  await server.start()
  await until(async () => (await ready(broker.url)).status === 200)
})

t.test('an audit that cannot be written makes it not ready, and it is ready again by itself once it can', async t => {
  const broker = await startBroker({ users, settings: { AUDIT_LOG: 'link', OPERATORS: 'olga' }, links: { link: '/dev/full' } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: susan }), { status: 503, body: { code: 'audit-unavailable' } })
  t.strictSame((await ready(broker.url)).body, { ready: false, missing: ['audit'], degraded: [] })
  const gauges = async () => await Promise.all(['up', 'owed', 'lost_total'].map(name => value(broker.url, `token_broker_audit_${name}`)))
  t.strictSame(await gauges(), [0, 1, 0])
  unlinkSync(join(broker.folder, 'link'))
  await broker.reload()
  await until(async () => (await ready(broker.url)).status === 200)
  t.strictSame(await gauges(), [1, 0, 0], 'the pending line is written')
})

t.test('while it waits to close it is not ready, and still gives tokens', async t => {
  const broker = await startBroker({ settings: { SHUTDOWN_DELAY: '7' } })
  const delays = heldTimers(t, 7000)
  const closed = broker.close()
  t.strictSame((await ready(broker.url)).body, { ready: false, missing: ['shutdown'], degraded: [] })
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  delays.end()
  await closed
})

t.test('metrics are for operators alone, who sign in as everybody does', async t => {
  const broker = await startBroker({ users, settings: { OPERATORS: 'olga, pavel', LOGIN_FAILURES_MAX: '2' } })
  t.teardown(broker.close)
  t.has(await metrics(broker.url, { as: undefined }), { status: 401, headers: { 'www-authenticate': 'Basic realm="twilio-token-broker", charset="UTF-8"' }, body: { code: 'credentials-missing' } })
  const refused = await metrics(broker.url, { as: susan })
  t.has(refused, { status: 403, body: { code: 'not-allowed' } })
  t.match(refused.body.detail, /OPERATORS/)
  t.has((await broker.audit()).at(-1), { event: 'token.refused', code: 'not-allowed', caller: 'susan' })
  t.has(await metrics(broker.url, { headers: { Origin: 'https://evil.test' } }), { status: 403, body: { code: 'origin-refused' } })
  t.has(await metrics(broker.url, { path: '/metrics?x=1' }), { status: 400, body: { code: 'request-invalid' } })
  t.has(await metrics(broker.url, { method: 'POST' }), { status: 405, headers: { allow: 'GET' } })
  const read = await metrics(broker.url)
  t.has(read, { status: 200, headers: { 'cache-control': 'no-store' } })
  t.match(read.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  for (let i = 0; i < 2; i++) t.equal((await metrics(broker.url, { as: basic('olga', 'no') })).status, 401)
  t.has(await metrics(broker.url), { status: 429, body: { code: 'login-limited' } }, 'guesses count here as anywhere')
})

t.test('without OPERATORS nobody may read them, and a name that nobody can have is a mistake', async t => {
  const broker = await startBroker()
  t.teardown(broker.close)
  t.equal((await metrics(broker.url, { as: susan })).status, 403)
  const refused = await startBroker({ settings: { OPERATORS: 'olga,a:b' } }).catch((error: unknown) => error)
  t.has(refused, { mistakes: ['OPERATORS: entry 2 is not a caller\'s name: a name holds none of : * { }'] })
})

t.test('tokens, refusals, logins and reloads are counted, and a reload keeps the counts', async t => {
  const broker = await startBroker({ users, settings: { OPERATORS: 'olga' }, files: { 'policy.yaml': 'rules: [{ who: ["*"], allow: { video: {}, sync: {} } }]', '.env': 'POLICY_FILE=policy.yaml\n' } })
  t.teardown(broker.close)
  await ask(broker.url, { as: susan })
  await ask(broker.url, { as: susan, path: '/token', body: { products: { video: {}, sync: {} } } })
  await ask(broker.url, { as: susan, path: '/token/voice' })
  await ask(broker.url, { as: wrong })
  await ask(broker.url)
  await broker.reload()
  await broker.write('policy.yaml', 'rules: nonsense')
  await broker.reload()
  await broker.write('users.htpasswd', 'nonsense')
  await broker.reload()
  const counts: Array<{ line: string, count: number | undefined }> = [
    { line: 'token_broker_tokens_total{product="video",via="basic"}', count: 2 },
    { line: 'token_broker_tokens_total{product="sync",via="basic"}', count: 1 },
    { line: 'token_broker_tokens_total{product="voice",via="basic"}', count: undefined },
    { line: 'token_broker_refusals_total{code="not-allowed"}', count: 1 },
    { line: 'token_broker_refusals_total{code="credentials-wrong"}', count: 1 },
    { line: 'token_broker_refusals_total{code="credentials-missing"}', count: 1 },
    { line: 'token_broker_request_seconds_count{route="/token/video"}', count: 3 },
    { line: 'token_broker_login_seconds_count{outcome="credentials-wrong"}', count: 1 },
    { line: 'token_broker_hashes_waiting', count: 0 },
    { line: 'token_broker_hashes_running', count: 0 }
  ]
  for (const { line, count } of counts) t.equal(await value(broker.url, line), count, line)
  t.ok((await value(broker.url, 'token_broker_login_seconds_count{outcome="accepted"}') ?? 0) >= 2)
  t.ok((await value(broker.url, 'token_broker_reloads_total{what="settings",outcome="taken"}') ?? 0) >= 1)
  t.ok((await value(broker.url, 'token_broker_reloads_total{what="settings",outcome="refused"}') ?? 0) >= 1)
  t.ok((await value(broker.url, 'token_broker_reloads_total{what="users",outcome="refused"}') ?? 0) >= 1)
})

t.test('who hangs up while waiting for a login is counted as that, and no secret is among the metrics', async t => {
  const server = await loginServer(({ username }, response) => { if (username === 'olga') answer(response, 200, {}); else if (username !== 'slow') answer(response, 401) })
  t.teardown(server.close)
  const broker = await startBroker({ settings: { LOGIN_URL: server.url, OPERATORS: 'olga' } })
  t.teardown(broker.close)
  const attempts = heldTimers(t, ATTEMPT_TIMEOUT_MS)
  const { requests } = server
  const hangUp = new AbortController()
  const slow = fetch(`${broker.url}/token/video`, { headers: { Authorization: basic('slow', 'canary-password') }, signal: hangUp.signal }).catch(() => {})
  await until(() => server.requests > requests)
  hangUp.abort()
  await slow
  // The end of its connection is read before what is sent later.
  for (let i = 0; i < 3; i++) await ask(broker.url, { method: 'GET', path: '/healthz' })
  attempts.end()
  await until(async () => await value(broker.url, 'token_broker_login_seconds_count{outcome="hung-up"}') === 1)
  t.notMatch((await metrics(broker.url)).text, /canary|slow|olga/)
})

/** Words of PromQL that are no metrics. */
const words = /^(absent|avg|by|count|histogram_quantile|increase|le|max|min|on|or|and|rate|sum|instance|product|code|route|what|outcome|via|m|s)$/

function metricsIn (expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]|\$\w+/g, ' ')
  return [...bare.matchAll(/[a-z_]\w*/gi)].map(([name]) => name).filter(name => !words.test(name))
}

t.test('the dashboard and the alerts name metrics that there are', async t => {
  const broker = await startBroker({ users, settings: { OPERATORS: 'olga' } })
  t.teardown(broker.close)
  const { text } = await metrics(broker.url)
  const there = new Set([...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name, type]) => type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]))
  const dashboard = JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')) as { panels: Array<{ title: string, targets: Array<{ expr: string }> }> }
  const alerts = parse(readFileSync('deploy/alerts.yaml', 'utf8')) as { groups: Array<{ rules: Array<{ alert: string, expr: string, annotations: { summary: string, action: string } }> }> }
  const expressions = [
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
    ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr] as const))
  ]
  t.ok(expressions.length > 20)
  for (const [title, expression] of expressions) {
    const names = metricsIn(expression)
    t.ok(names.length > 0, title)
    for (const name of names) t.ok(there.has(name), `${title}: ${name}`)
  }
  t.strictSame(metricsIn('sum(rate(token_broker_tokenz_total{code="x"}[5m])) > 1').filter(name => !there.has(name)), ['token_broker_tokenz_total'], 'a misspelt one would be found')
  for (const [, name] of readFileSync('docs/operations.md', 'utf8').matchAll(/`((?:token_broker|process)_\w+)/g)) t.ok(there.has(name!), `docs: ${name}`)
  for (const { alert, annotations } of alerts.groups.flatMap(({ rules }) => rules)) t.ok(annotations.summary && annotations.action, alert)
})
