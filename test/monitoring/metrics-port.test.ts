import { once } from 'node:events'
import { createServer, connect, type AddressInfo } from 'node:net'
import t from 'tap'
import { startBroker, susan } from '../helpers/broker.js'
import { ask, raw } from '../helpers/http.js'
import { heldTimers } from '../helpers/held-timers.js'
import { until } from '../helpers/until.js'

const get = (url: string, path: string, method = 'GET') => ask(url, { method, path })

t.test('METRICS_PORT serves metrics and readiness without a login, beside the main port', async t => {
  const broker = await startBroker({ settings: { METRICS_PORT: '0', OPERATORS: 'susan', SHUTDOWN_DELAY: '7', RATE_LIMIT_MAX: '3' } })
  const delays = heldTimers(t, 7000)
  const url = broker.metricsUrl!
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  await ask(broker.url, { as: susan })

  await t.test('as the main port answers them', async t => {
    const metrics = await get(url, '/metrics')
    t.has(metrics, { status: 200, headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } })
    t.match(metrics.headers['content-type'], /^text\/plain; version=0.0.4/)
    t.match(metrics.text, /^token_broker_tokens_total\{product="video",via="basic"\} 1$/m)
    t.match(metrics.text, new RegExp(`^token_broker_build_info\\{version="\\d+\\.\\d+\\.\\d+[^"]*",node="${process.version}"\\} 1$`, 'm'))
    for (const path of ['/healthz', '/readyz']) {
      const there = await get(url, path)
      t.strictSame([there.status, there.body], [200, (await get(broker.url, path)).body], path)
    }
    t.match(await get(url, '/metrics?scrape=1'), { status: 200 })
    t.match(await ask(broker.url, { method: 'GET', path: '/metrics' }), { status: 401 }, 'the main port still wants a login')
  })

  await t.test('HEAD has no body, other methods are 405, and nothing else is there', async t => {
    const answer = await get(url, '/metrics', 'HEAD')
    t.has(answer, { status: 200, text: '' })
    t.match(answer.headers['content-length'], /^\d{3,}$/)
    t.has(await get(url, '/metrics', 'POST'), { status: 405, headers: { allow: 'GET, HEAD' } })
    for (const path of ['/', '/token', '/token/video', '/session', '/openapi.json', '/__proto__', '/metrics/', '/METRICS', '/%2e%2e/metrics', '/%']) t.equal((await get(url, path)).status, 404, path)
    t.match(await ask(url, { as: susan }), { status: 404 }, 'no token, with credentials either')
  })

  await t.test('any number of times, and no request of another form', async t => {
    for (let i = 0; i < 10; i++) t.equal((await get(url, '/readyz')).status, 200)
    t.match(await raw(url, 'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'), /^HTTP\/1.1 400 /)
  })

  await t.test('says that it shuts down, and ends with the broker, whoever keeps a connection', async t => {
    const idle = connect(Number(new URL(url).port), '127.0.0.1')
    await once(idle, 'connect')
    const ended = once(idle.resume(), 'close')
    const closed = broker.close()
    t.has(await get(url, '/readyz'), { status: 503, body: { ready: false, missing: ['shutdown'], degraded: { length: 0 } } })
    delays.end()
    await Promise.all([closed, ended])
    await t.rejects(get(url, '/readyz'), { code: 'ECONNREFUSED' })
  })
})

t.test('a METRICS_PORT that cannot be is a mistake with a sentence, and leaves nothing open', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.teardown(() => { holder.close() })
  const taken = String((holder.address() as AddressInfo).port)
  const cases: Array<{ says: string, settings: Record<string, string>, mistake: string }> = [
    { says: 'the same as PORT', settings: { PORT: taken, METRICS_PORT: taken }, mistake: 'METRICS_PORT is the same as PORT; choose another one' },
    { says: 'the port that PORT is by default', settings: { PORT: '', METRICS_PORT: '3000' }, mistake: 'METRICS_PORT is the same as PORT; choose another one' },
    { says: 'taken', settings: { METRICS_PORT: taken }, mistake: `METRICS_PORT is taken by another process: 127.0.0.1:${taken} is in use. End that process, or choose another port by METRICS_PORT` },
    { says: 'no port', settings: { METRICS_PORT: '65536' }, mistake: 'METRICS_PORT must be a whole number, 0 to 65535' },
    { says: 'at a host that is not of this machine', settings: { METRICS_PORT: '0', METRICS_HOST: '192.0.2.1' }, mistake: 'METRICS_HOST is not an address of this machine' },
    { says: 'right, but PORT is taken', settings: { PORT: taken, METRICS_PORT: '0' }, mistake: `PORT is taken by another process: 127.0.0.1:${taken} is in use. End that process, or choose another port by PORT or --port` }
  ]
  for (const { says, settings, mistake } of cases) {
    const refused = await startBroker({ settings }).catch((error: unknown) => error)
    t.has(refused, { name: 'StartError', mistakes: [mistake] }, says)
  }
})

t.test('any METRICS_HOST is allowed without INSECURE_HTTP, and a change of it takes a restart', async t => {
  const broker = await startBroker({ settings: { METRICS_HOST: '0.0.0.0' }, files: { '.env': 'METRICS_PORT=0\n' } })
  t.teardown(broker.close)
  t.match(await get(broker.metricsUrl!.replace('0.0.0.0', '127.0.0.2'), '/healthz'), { status: 200, body: { alive: true } })
  await broker.write('.env', 'METRICS_PORT=1\n')
  await until(() => broker.log().includes('METRICS_PORT has changed, which needs a restart'))
  t.equal((await startBroker().then(async plain => { await plain.close(); return plain })).metricsUrl, undefined, 'without METRICS_PORT there is none')
})
