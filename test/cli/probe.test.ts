import { PassThrough, Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { probe as checkAll } from '../../src/cli/probe/probe.js'
import { basic, startBroker, type BrokerOptions } from '../helpers/broker.js'
import { bothProtocols, faultyProxy, nginxWith, type Fault } from '../helpers/faulty-proxy.js'
import { freePort } from '../helpers/free-port.js'
import { first, secure } from '../helpers/https.js'
import { inProcess } from '../helpers/in-process.js'
import { answer, loginServer } from '../helpers/login-server.js'
import { noNginx } from '../helpers/nginx.js'
import { startProvider } from '../helpers/provider.js'
import { until } from '../helpers/until.js'

interface Report {
  url: string
  ok: boolean
  checks: Array<{ check: string, says: string, outcome: 'ok' | 'failed' | 'skipped' | 'unavailable', detail?: string }>
}

const app = 'https://app.example.com'
const password = 'secret123'
const asSusan = ['--user', 'susan', '--password-stdin', '--room', 'boardroom', '--origin', app]
const policy = 'rules:\n  - who: ["*"]\n    allow: { video: { rooms: [standup] }, sync: {} }\n'

/** A broker that passes every check. */
async function rightBroker (t: Test, { settings = {}, ...more }: BrokerOptions = {}) {
  const broker = await startBroker({ files: { 'policy.yaml': policy }, ...more, settings: { RATE_LIMIT_MAX: '5000', CALLER_LIMIT_MAX: '1000', LOGIN_FAILURES_MAX: '1000', POLICY_FILE: 'policy.yaml', CORS_ORIGINS: app, ...settings } })
  t.teardown(broker.close)
  return broker
}

async function probe (url: string, args = asSusan, input = password) {
  const { code, out, err } = await inProcess(['probe', url, '--json', ...args], { stdin: Readable.from([`${input}\n`]) })
  const report = JSON.parse(out) as Report
  const named = (outcome: string) => report.checks.filter(check => check.outcome === outcome).map(({ check }) => check)
  return { code, err, report, failed: named('failed'), skipped: named('skipped'), away: named('unavailable'), detail: (name: string) => report.checks.find(({ check }) => check === name)!.detail ?? '' }
}

t.test('a broker as it should be passes every check', async t => {
  const broker = await rightBroker(t)
  const { code, report, skipped } = await probe(broker.url)
  t.has({ code, report, skipped }, { code: 0, report: { url: broker.url, ok: true }, skipped: { length: 0 } }, JSON.stringify(report.checks.filter(({ outcome }) => outcome !== 'ok')))
  t.equal(report.checks.length, 15)

  await t.test('with one wrong guess, under a name of the probe\'s own', async t => {
    const wrong = (await broker.audit()).filter(({ code }) => code === 'credentials-wrong')
    // One of a name, and one header that holds none.
    t.equal(new Set(wrong.map(({ caller }) => caller)).size, 2)
    t.equal(wrong.length, 2)
    t.ok((await broker.audit()).filter(({ event }) => event === 'token.issued').every(({ caller }) => caller === 'susan'))
  })

  await t.test('without a login as far as it goes', async t => {
    const { code, skipped, report } = await probe(`${broker.url}/`, [])
    t.strictSame([code, skipped, report.url], [0, ['token', 'refused-room', 'allowed-origin'], broker.url])
  })

  await t.test('in words, a line a check', async t => {
    const { code, out } = await inProcess(['probe', broker.url])
    t.equal(code, 0)
    t.match(out, /^ok {4}no-credentials {2}nobody gets a token without credentials$/m)
    t.match(out, /^skip {2}token {11}a caller gets a token: no --user/m)
  })
})

t.test('behind TLS it passes, too, and a port that also answers in plain HTTP fails', async t => {
  const before = getGlobalDispatcher()
  setGlobalDispatcher(new Agent({ connect: { rejectUnauthorized: false } }))
  t.teardown(() => setGlobalDispatcher(before))
  const files = { 'policy.yaml': policy, ...first }
  const broker = await rightBroker(t, { files, settings: secure })
  const { code, failed, report } = await probe(broker.url)
  t.strictSame([code, failed], [0, []], JSON.stringify(report.checks.filter(({ outcome }) => outcome !== 'ok')))
  const plain = await rightBroker(t)
  const both = await bothProtocols(broker.url, plain.url)
  t.teardown(both.close)
  t.has(await probe(both.url), { code: 1, failed: ['plain-http'] })
})

t.test('plain HTTP on an address that is not this machine\'s own fails, and no password is sent there', async t => {
  const broker = await rightBroker(t, { settings: { HOST: '0.0.0.0', INSECURE_HTTP: 'true' } })
  const url = broker.url.replace('127.0.0.1', '0.0.0.0')
  t.has(await probe(url), { code: 1, failed: ['plain-http'], skipped: ['token', 'refused-room'] })
  t.notOk((await broker.audit()).some(({ caller }) => caller === 'susan'))
})

t.test('a broker that is wrong in one way fails in that line', async t => {
  const cases: Array<{ says: string, broker: BrokerOptions, line: string }> = [
    { says: 'limits that are none', broker: { settings: { RATE_LIMIT_MAX: '1000000' } }, line: 'limits' },
    { says: 'a policy that lets the room pass', broker: { files: { 'policy.yaml': policy.replace('standup', '"*"') } }, line: 'refused-room' },
    { says: 'an origin that is not listed', broker: { settings: { CORS_ORIGINS: 'https://other.example.com' } }, line: 'allowed-origin' },
    { says: 'a caller without tokens', broker: { files: { 'policy.yaml': policy.replace('"*"', '"olga"') } }, line: 'token' }
  ]
  for (const { says, broker, line } of cases) t.has(await probe((await rightBroker(t, broker)).url), { code: 1, failed: [line] }, says)
})

t.test('a proxy that is wrong in one way fails in that line', async t => {
  const broker = await rightBroker(t)
  const hides = (name: string): Fault => ({ response: headers => { delete headers[name] } })
  const cases: Array<{ says: string, fault: Fault, lines: string[], args?: string[] }> = [
    { says: 'signs everybody in', fault: { request: ({ headers }) => { headers.authorization = basic('susan', password) } }, args: [], lines: ['no-credentials', 'wrong-password', 'cache'] },
    { says: 'hides what is limited', fault: hides('ratelimit-policy'), lines: ['limits'] },
    { says: 'lets answers be stored', fault: hides('cache-control'), lines: ['cache'] },
    { says: 'drops Origin', fault: { request: ({ headers }) => { delete headers.origin } }, args: asSusan.slice(0, -2), lines: ['strange-origin'] },
    { says: 'drops what browsers say of a request', fault: { request: ({ headers }) => { delete headers['sec-fetch-mode']; delete headers['sec-fetch-site'] } }, lines: ['no-cors'] },
    { says: 'drops the query', fault: { request: passing => { passing.path = passing.path.split('?')[0]! } }, lines: ['query'] },
    { says: 'changes methods', fault: { request: passing => { passing.method = passing.method.replace('PUT', 'POST') } }, lines: ['method'] },
    { says: 'keeps /readyz for its users', fault: { request: ({ path }) => path === '/readyz' ? { status: 401, body: '{"code":"<script>"}' } : undefined }, lines: ['ready'] },
    { says: 'has an answer of its own for callers', fault: { request: ({ path, headers, method }) => method === 'POST' && path === '/token' && headers.authorization === basic('susan', password) && headers.origin === undefined && headers['sec-fetch-mode'] === undefined ? { status: 200, body: '[]' } : undefined }, lines: ['token'] },
    { says: 'answers preflights itself, without Authorization', fault: { request: ({ method, headers }) => method === 'OPTIONS' && headers.origin === app ? { status: 204, headers: { 'access-control-allow-origin': app } } : undefined }, lines: ['allowed-origin'] },
    { says: 'hides CORS from pages', fault: hides('access-control-allow-origin'), lines: ['allowed-origin'] },
    { says: 'refuses the allowed origin', fault: { request: ({ method, headers }) => method === 'POST' && headers.origin === app ? { status: 403, headers: { 'access-control-allow-origin': app } } : undefined }, lines: ['allowed-origin'] }
  ]
  for (const { says, fault, lines, args = asSusan } of cases) {
    const proxy = await faultyProxy(broker.url, fault)
    const { code, failed, report } = await probe(proxy.url, args)
    t.strictSame([code, failed], [1, lines], `${says}: ${JSON.stringify(report.checks.filter(({ outcome }) => outcome !== 'ok'))}`)
    await proxy.close()
  }
})

t.test('nginx that is wrong in one way fails in that line', { skip: noNginx }, async t => {
  const broker = await rightBroker(t)
  const cases = [
    { directives: 'add_header Access-Control-Allow-Origin * always;', args: asSusan.slice(0, -2), lines: ['cors'], detail: /Access-Control-Allow-Origin: \*; leave CORS/ },
    { directives: 'add_header Access-Control-Allow-Origin * always;', args: asSusan, lines: ['cors', 'allowed-origin'], detail: /leave CORS/ },
    { directives: 'proxy_set_header Authorization "";', args: [], lines: ['authorization'], detail: /does not see the Authorization header/ },
    { directives: 'proxy_cache one; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control;', args: [], lines: ['cache'], detail: /one answer was given to several requests/ },
    { directives: 'proxy_cache one; proxy_cache_convert_head off; proxy_cache_key token$uri; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Vary;', args: asSusan, lines: ['cache'], detail: /a token was given without credentials/ }
  ]
  const proxy = await nginxWith(broker.url, ['', ...cases.map(({ directives }) => directives)])
  t.teardown(proxy.close)
  t.strictSame((await probe(proxy.urls[0]!)).failed, [], 'nginx as such is fine')
  for (const [i, { directives, args, lines, detail }] of cases.entries()) {
    const found = await probe(proxy.urls[i + 1]!, args)
    t.strictSame([found.code, found.failed], [1, lines], `${directives} ${JSON.stringify(found.report.checks.filter(({ outcome }) => outcome !== 'ok'))}`)
    t.match(found.detail(lines[0]!), detail)
  }
})

t.test('what cannot be asked is 69, and 429 and a product that is off are said and are no faults', async t => {
  const nobody = await probe(`http://127.0.0.1:${await freePort()}`)
  t.has(nobody, { code: 69, away: ['ready'], failed: { length: 0 } })
  t.equal(nobody.report.checks.length, 2, 'it does not go on asking')
  t.match(nobody.detail('ready'), /ECONNREFUSED/)

  const login = await loginServer(({ password: typed }, response) => answer(response, typed === password ? 200 : 401, {}))
  t.teardown(login.close)
  const broker = await rightBroker(t, { settings: { LOGIN_URL: login.url, LOGIN_FAILURES_MAX: '1', PRODUCTS: 'sync' } })
  t.has(await probe(broker.url), { code: 0, skipped: ['refused-room'] })
  const again = await probe(broker.url)
  t.has(again, { code: 0, skipped: ['wrong-password', 'refused-room'] })
  t.match(again.detail('wrong-password'), /^answered 429 login-limited/)
  await login.stop()
  await until(async () => (await probe(broker.url, ['--user', 'olga', '--password-stdin'])).away.includes('ready'))
  const away = await probe(broker.url, ['--user', 'olga', '--password-stdin'])
  t.match(away, { code: 69, failed: { length: 0 } })
  t.match(away.detail('token'), /^answered 503 store-unavailable/)

  const long = await faultyProxy(broker.url, { request: () => ({ status: 200, body: 'x'.repeat(200_000) }) })
  t.teardown(long.close)
  const { code, failed } = await probe(long.url, [])
  t.strictSame([code, failed], [1, ['no-credentials', 'wrong-password', 'strange-origin', 'no-cors', 'query', 'method', 'limits', 'cache']], 'whatever else answers is not taken for a broker')
})

t.test('an error of the probe itself is no answer of the broker', async t => {
  const target = { url: 'http://127.0.0.1:1', login: undefined, origin: undefined, room: undefined }
  await t.rejects(checkAll({ ...target, ask: () => Promise.reject(new TypeError('a bug')) }), { message: 'a bug' })
})

t.test('a bearer token is sent as one', async t => {
  const broker = await rightBroker(t)
  const sent = new Set<string>()
  const proxy = await faultyProxy(broker.url, { request: ({ headers }) => { sent.add(headers.authorization ?? '') } })
  t.teardown(proxy.close)
  t.has(await probe(proxy.url, ['--bearer-stdin', '--room', 'boardroom'], 'e30.e30.sig'), { code: 1, failed: ['token', 'refused-room'] })
  t.ok(sent.has('Bearer e30.e30.sig'))

  const provider = await startProvider()
  t.teardown(provider.close)
  const withProvider = await rightBroker(t, { settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker' }, files: { 'policy.yaml': policy.replace('"*"', '"*", "jwt:*"') } })
  const [, token = ''] = provider.bearer({ claims: { sub: 'maria' } }).split(' ')
  const { code, failed, report } = await probe(withProvider.url, ['--bearer-stdin', '--room', 'boardroom', '--origin', app], token)
  t.strictSame([code, failed], [0, []], JSON.stringify(report.checks.filter(({ outcome }) => outcome !== 'ok')))
})

t.test('options that do not go together are a matter of usage', async t => {
  const cases: Array<{ args: string[], says: RegExp, input?: string }> = [
    { args: [], says: /missing required argument 'url'/ },
    { args: ['nonsense'], says: /must be an http: or https: URL/ },
    { args: ['ftp://x'], says: /must be an http: or https: URL/ },
    { args: ['https://u:p@x'], says: /must have no user, password/ },
    { args: ['https://x?y'], says: /must have no user, password, query/ },
    { args: ['https://x', '--origin', 'app'], says: /must be one exact origin/ },
    { args: ['https://x', '--room', 'r'], says: /--room needs --user or --bearer-stdin/ },
    { args: ['https://x', '--password-stdin'], says: /--password-stdin needs --user/ },
    { args: ['https://x', '--user', 'susan', '--bearer-stdin'], says: /replaces --user/ },
    { args: ['https://x', '--bearer-stdin'], says: /holds no bearer token/, input: '\n' },
    { args: ['https://x', '--user', 'susan'], says: /give the password with --password-stdin/ }
  ]
  for (const { args, says, input } of cases) {
    const { code, out, err } = await inProcess(['probe', ...args], { stdin: input === undefined ? new PassThrough() : Readable.from([input]) })
    t.strictSame([code, out], [2, ''], args.join(' '))
    t.match(err, says)
  }
})
