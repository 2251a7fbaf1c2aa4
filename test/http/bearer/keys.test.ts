import type { ServerResponse } from 'node:http'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { startBroker, type BrokerOptions } from '../../helpers/broker.js'
import { passMonotonic as pass } from '../../helpers/clock.js'
import { ask } from '../../helpers/http.js'
import { json, newEcKey, newRsaKey, startProvider, type Provider } from '../../helpers/provider.js'
import { until } from '../../helpers/until.js'

const rsa = newRsaKey('rsa-1')
const fresh = newEcKey('ec-1')

async function provider (t: Test): Promise<Provider> {
  const own = await startProvider({ rsa })
  t.teardown(() => own.close().catch(() => {}))
  return own
}

async function broker (t: Test, { issuer }: Provider, settings: Record<string, string> = {}, more: BrokerOptions = {}) {
  const own = await startBroker({ settings: { JWT_ISSUER: issuer, JWT_AUDIENCE: 'broker', ...settings }, users: null, ...more })
  t.teardown(own.close)
  return own
}

const ready = async (url: string) => (await ask(url, { method: 'GET', path: '/readyz' })).body
const token = async (url: string, as: string) => {
  const { status, body } = await ask(url, { as })
  return status === 200 ? status : body.code
}

t.test('the keys come from the discovery document, below an issuer with a slash or without', async t => {
  const own = await provider(t)
  await broker(t, own)
  t.same(own.requests, ['/.well-known/openid-configuration', '/jwks'])
  own.issuer = own.issuer.slice(0, -1)
  own.document = () => ({ issuer: own.issuer, jwks_uri: `${own.issuer}/jwks` })
  const { url } = await broker(t, own)
  t.same(own.requests.slice(2), ['/.well-known/openid-configuration', '/jwks'])
  t.equal(await token(url, own.bearer()), 200)
})

t.test('or from a JWK Set, without asking for the document', async t => {
  const own = await provider(t)
  const { url } = await broker(t, own, { JWT_KEYS: `${own.issuer}jwks` })
  t.equal(await token(url, own.bearer()), 200)
  t.same(own.requests, ['/jwks'])
})

t.test('S34: or from a file that is watched', async t => {
  const own = await provider(t)
  const { url, write, log, folder } = await broker(t, own, { JWT_KEYS: 'keys.json' }, { files: { 'keys.json': JSON.stringify({ keys: [rsa.jwk] }) } })
  const es256 = own.bearer({ key: fresh, header: { alg: 'ES256' } })
  t.equal(await token(url, own.bearer()), 200)
  t.equal(await token(url, es256), 'bearer-wrong')
  await write('keys.json', JSON.stringify({ keys: [fresh.jwk] }))
  await until(async () => await token(url, es256) === 200)
  await write('keys.json', '{')
  await until(() => /the file that JWT_KEYS names is not JSON/.test(log()))
  t.equal(await token(url, es256), 200, 'a bad file replaces nothing')
  await write('keys.json', JSON.stringify({ keys: [rsa.jwk] }))
  await chmod(join(folder, 'keys.json'), 0o666)
  await until(() => /everyone may write keys\.json, which JWT_KEYS names; run: chmod o-w keys\.json/.test(log()))
  t.equal(await token(url, es256), 200, 'nor does one that everyone may write')
  t.same(own.requests, [])
  const mistakes: Array<{ file: string, message: RegExp }> = [
    { file: 'none.json', message: /cannot be read \(ENOENT\)/ },
    { file: '.', message: /is not a file/ },
    { file: 'keys.json', message: /is not a JSON object with a list "keys"/ }
  ]
  for (const { file, message } of mistakes) {
    await t.rejects(broker(t, own, { JWT_KEYS: file }, { files: { 'keys.json': '[]' } }), { message }, 'at a start it is a mistake')
  }
})

t.test('O16: new keys are taken within the request of their first token', async t => {
  const own = await provider(t)
  const { url } = await broker(t, own)
  pass(t, 30_000)
  own.keys = [rsa.jwk, fresh.jwk]
  own.requests.length = 0
  t.equal(await token(url, own.bearer({ key: fresh, header: { alg: 'ES256' } })), 200)
  t.same(own.requests, ['/.well-known/openid-configuration', '/jwks'])
})

t.test('S33: 300 unknown keys are one fetch', async t => {
  const own = await provider(t)
  const { url } = await broker(t, own)
  pass(t, 30_000)
  own.requests.length = 0
  const codes = await Promise.all(Array.from({ length: 300 }, (_, i) => token(url, own.bearer({ header: { kid: `unknown-${i}` }, signature: () => Buffer.alloc(256) }))))
  t.same(new Set(codes), new Set(['bearer-wrong']))
  t.equal(own.requests.length, 2)
})

interface Fault {
  name: string
  /** What the log says of it. */
  message: RegExp
  spoil: (own: Provider) => void
}

const faults: Fault[] = [
  { name: 'refuses connections', message: /cannot be fetched \(\w+\)/, spoil: own => { own.close().catch(() => {}) } },
  {
    name: 'answers 500',
    message: /the key set was answered with status 500/,
    spoil: own => { own.jwks = response => json(response, {}, 500) }
  },
  { name: 'answers HTML', message: /the key set is not JSON/, spoil: own => { own.jwks = html } },
  {
    name: 'answers 200 kB',
    message: /the key set has more than 102400 bytes/,
    spoil: own => { own.jwks = response => json(response, { keys: [rsa.jwk], x: 'x'.repeat(200_000) }) }
  },
  {
    name: 'redirects',
    message: /the key set was answered with status 302, a redirect, which is not followed/,
    spoil: own => { own.jwks = response => response.writeHead(302, { location: `${own.issuer}jwks` }).end() }
  },
  { name: 'answers an empty set', message: /the key set holds no public key/, spoil: own => { own.keys = [] } },
  {
    name: 'breaks off',
    message: /the key set cannot be fetched/,
    spoil: own => { own.jwks = response => response.writeHead(200, { 'content-length': 1000 }).write('{', () => response.destroy()) }
  },
  {
    name: 'has a document that is a list',
    message: /the discovery document is not a JSON object/,
    spoil: own => { own.discovery = response => json(response, []) }
  },
  {
    name: 'has a document of another issuer',
    message: /the discovery document names another issuer than JWT_ISSUER/,
    spoil: own => { own.document = () => ({ issuer: 'https://other.example' }) }
  },
  {
    name: 'has a document whose keys are on another machine by http',
    message: /has no https: URL as its jwks_uri/,
    spoil: own => { own.document = () => ({ issuer: own.issuer, jwks_uri: 'http://idp.example/jwks' }) }
  },
  {
    name: 'has a document without keys',
    message: /has no https: URL as its jwks_uri/,
    spoil: own => { own.document = () => ({ issuer: own.issuer }) }
  }
]

function html (response: ServerResponse) {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>')
}

t.test('O12: a provider that answers nonsense or nothing: the last good keys serve for a day, then 503', async t => {
  for (const { name, message, spoil } of faults) {
    await t.test(`it ${name}`, async t => {
      const own = await provider(t)
      const { url, log, reload, metricsUrl } = await broker(t, own, { METRICS_PORT: '0' })
      const isUp = async () => /^token_broker_keys_up (\d)$/m.exec((await ask(metricsUrl!, { method: 'GET', path: '/metrics' })).text)![1]
      t.equal(await isUp(), '1')
      const right = own.bearer()
      const unknown = own.bearer({ key: fresh, header: { alg: 'ES256' } })
      spoil(own)
      await reload()
      t.match(log(), message)
      t.equal(await isUp(), '0')
      t.equal(await token(url, right), 200)
      t.equal(await token(url, unknown), 'keys-unavailable', 'what nobody can look up')
      t.match(await ready(url), { ready: true })
      pass(t, 86_400_000)
      t.has(await ask(url, { as: right }), { status: 503, headers: { 'retry-after': '10', 'www-authenticate': undefined }, body: { code: 'keys-unavailable' } })
      t.has(await ready(url), { ready: false, missing: ['keys'] })
    })
  }
})

t.test('O13: a provider that is away at the start: not ready, and then it is', async t => {
  const own = await provider(t)
  await own.close()
  const { url, log, reload, audit } = await broker(t, own)
  t.has(await ready(url), { ready: false, missing: ['keys'] })
  t.equal(await token(url, own.bearer()), 'keys-unavailable')
  t.has((await audit()).at(-1), { code: 'keys-unavailable', via: 'bearer', caller: undefined })
  t.match(log(), /the keys of JWT_ISSUER cannot be read; bearer tokens are refused with 503 until they can be: the discovery document cannot be fetched \(ECONNREFUSED\)/)
  await own.listen(own.port)
  await reload()
  t.match(await ready(url), { ready: true })
  t.equal(await token(url, own.bearer()), 200)
})

t.test('O14: a provider that hangs holds up neither the start nor a request for longer than two seconds', async t => {
  const own = await provider(t)
  own.jwks = () => {}
  // A timer of which nothing is left but its effect could be collected as garbage, and the try would never end.
  setFlagsFromString('--expose-gc')
  const collecting = setInterval(runInNewContext('gc') as () => void, 100)
  t.teardown(() => clearInterval(collecting))
  const { url, log } = await broker(t, own)
  t.match(log(), /the keys of JWT_ISSUER have not been received yet; until then, bearer tokens are refused with 503/)
  // Waits for the end of the try that the start began.
  t.equal(await token(url, own.bearer()), 'keys-unavailable')
  await until(() => /the key set was not received in time/.test(log()))
  own.requests.length = 0
  t.equal(await token(url, own.bearer()), 'keys-unavailable')
  t.same(own.requests, [], 'nor does each request try anew')
})

t.test('settings that a file of keys stood against are taken once that file is right', async t => {
  const [own, other] = [await provider(t), await provider(t)]
  const env = (issuer: string, more = '') => `JWT_ISSUER=${issuer}\n${more}`
  const { url, write, log } = await startBroker({ settings: { JWT_AUDIENCE: 'broker' }, users: null, files: { '.env': env(own.issuer) } }).then(started => {
    t.teardown(started.close)
    return started
  })
  await write('.env', env(other.issuer, 'JWT_KEYS=keys.json\n'))
  await until(() => /settings not taken, the old ones stay: .*the file that JWT_KEYS names cannot be read/.test(log()))
  t.equal(await token(url, own.bearer()), 200)
  await write('keys.json', JSON.stringify({ keys: [rsa.jwk] }))
  await until(async () => await token(url, other.bearer()) === 200)
})

t.test('a document of another issuer at the start is a mistake', async t => {
  const own = await provider(t)
  own.document = () => ({ issuer: own.issuer.slice(0, -1), jwks_uri: `${own.issuer}jwks` })
  await t.rejects(broker(t, own), { message: /^JWT_ISSUER: the discovery document names another issuer than JWT_ISSUER, which must be the same to the letter, a slash at the end included$/ })
  await t.rejects(broker(t, own, { TOKEN_TTL: '1', JWT_TYPE: 'x' }), { message: /^TOKEN_TTL must[^;]*; JWT_TYPE must[^;]*$/ }, 'with settings that are wrong nobody is asked')
})
