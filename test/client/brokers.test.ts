import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { TokenBroker } from '../../src/client/index.js'
import { secrets, startBroker, type BrokerOptions } from '../helpers/broker.js'
import { freePort } from '../helpers/free-port.js'
import { noNginx } from '../helpers/nginx.js'
import { nginxLocations } from '../helpers/nginx-locations.js'
import { root } from '../helpers/root.js'
import { open } from '../helpers/token.js'
import { usersOf } from '../http/sessions/nodes.js'

const susan = { username: 'susan', password: 'secret123' }

async function started (t: Test, options: BrokerOptions = {}) {
  const broker = await startBroker(options)
  t.teardown(broker.close)
  return broker
}

/** Writes down what the client asks, and how it is answered, until the test has ended. */
function watchRequests (t: Test) {
  const { fetch } = globalThis
  const requests: Array<{ line: string, status: number, at: number }> = []
  globalThis.fetch = async (url, init) => {
    const { method, headers } = init as { method: string, headers: Record<string, string> }
    const response = await fetch(url, init)
    const path = new URL(String(url)).pathname.replace(/^.*(?=\/(session|token)\b)/, '')
    requests.push({ line: `${method} ${path} ${headers['Authorization']!.split(' ')[0]}`, status: response.status, at: Date.now() })
    return response
  }
  t.teardown(() => { globalThis.fetch = fetch })
  return requests
}

/** A page of susan's. */
function pageAt (url: string) {
  const page = { calls: 0, errors: [] as Error[] }
  const broker = new TokenBroker({ url, credentials () { page.calls++; return susan }, onError: error => page.errors.push(error) })
  return Object.assign(page, { broker })
}

const renewals = 5
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
const bySession = ['POST /session Basic', ...times(renewals, 'POST /token/video DPoP'), 'DELETE /session DPoP']
const byPassword = ['POST /session Basic', ...times(renewals, 'POST /token/video Basic')]
const told = [{ name: 'RetryError', code: 'proof-wrong' }]

const proxies: Array<{ what: string, location: string, asks: string[], told?: object[], calls?: number }> = [
  { what: 'strips a prefix', location: 'location /p/ { proxy_pass http://plain/; }', asks: bySession },
  { what: 'strips a prefix that is in PUBLIC_URL', location: 'location /p/ { proxy_pass http://public/; }', asks: bySession },
  { what: 'strips a prefix that is not the one of PUBLIC_URL', location: 'location /p/ { proxy_pass http://other/; }', asks: byPassword, told },
  { what: 'passes /token alone', location: 'location /p/token { proxy_pass http://plain/token; }', asks: byPassword },
  { what: 'passes /token alone and forbids all else', location: 'location /p/token { proxy_pass http://plain/token; } location / { return 403; }', asks: byPassword },
  { what: 'passes /token alone and has one page for all else', location: 'location /p/token { proxy_pass http://plain/token; } location / { return 200 "<!doctype html>"; }', asks: byPassword },
  { what: 'passes /token alone and leads to a login from all else', location: 'location /p/token { proxy_pass http://plain/token; } location / { return 302 /login; }', asks: byPassword },
  { what: 'drops the header DPoP', location: 'location /p/ { proxy_set_header DPoP ""; proxy_pass http://plain/; }', asks: byPassword, told },
  { what: 'drops the header DPoP below /token', location: 'location /p/ { proxy_pass http://plain/; } location /p/token { proxy_set_header DPoP ""; proxy_pass http://plain/token; }', asks: ['POST /session Basic', 'POST /token/video DPoP', ...times(renewals, 'POST /token/video Basic')], told, calls: renewals + 1 }
]

t.test('S68: a page behind an nginx gets its tokens, and asks for each once', { skip: noNginx }, async t => {
  const plain = await started(t)
  const other = await started(t, { settings: { PUBLIC_URL: 'https://tokens.example.com/q' } })
  for (const { what, location, asks, told = [], calls = asks === bySession ? 1 : renewals } of proxies) {
    await t.test(`that ${what}`, async t => {
      const port = await freePort()
      const url = `http://127.0.0.1:${port}/p`
      const named = what.endsWith('in PUBLIC_URL') ? await started(t, { settings: { PUBLIC_URL: url } }) : plain
      await nginxLocations(t, port, location, { plain: [plain.url], public: [named.url], other: [other.url] })
      const requests = watchRequests(t)
      const page = pageAt(url)
      for (let i = 0; i < renewals; i++) t.ok(await page.broker.token('video', { force: true }))
      await page.broker.close()
      t.same(requests.map(({ line }) => line), asks)
      t.match(page.errors, told)
      t.equal(page.errors.length, told.length)
      t.equal(page.calls, calls)
    })
  }
})

t.test('S69: a page goes on behind two nodes whose TOKEN_TTL differs, as while they are reloaded one by one', { skip: noNginx }, async t => {
  const env = (seconds: number) => `SESSION_SECRET=a-secret-that-two-nodes-have-in-common\nTOKEN_TTL=${seconds}\n`
  const nodes = [await started(t, { files: { '.env': env(3600) } }), await started(t, { files: { '.env': env(3600) } })] as const
  await nodes[1].write('users.htpasswd', await usersOf(nodes[0]))
  await nodes[1].reload()
  const port = await freePort()
  await nginxLocations(t, port, 'location / { proxy_pass http://nodes; }', { nodes: nodes.map(({ url }) => url) })
  const requests = watchRequests(t)
  const page = pageAt(`http://127.0.0.1:${port}`)
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const lives = new Set<number>()
  for (let minute = 0; minute < 240; minute++) {
    Date.now = () => now() + minute * 60_000
    if (minute === 80 || minute === 160) {
      const node = nodes[minute / 80 - 1]!
      await node.write('.env', env(180))
      await node.reload()
    }
    const { iat, exp } = open(await page.broker.token('video'), secrets.keySecret).claims
    t.ok(exp * 1000 > Date.now(), 'the token lives')
    lives.add(exp - iat)
  }
  t.same([...lives].sort(), [180, 3600])
  t.equal(page.calls, 1)
  t.same(page.errors, [])
  const refused = requests.filter(({ status }) => status === 401)
  t.ok(refused.length > 0 && refused.length < 10, `${refused.length} of ${requests.length} refused`)
  for (const request of refused) {
    const next = requests[requests.indexOf(request) + 1]!
    t.ok(next.status === 200 && next.at - request.at < 30_000, 'a second proof, made at once, is right')
  }
  await page.broker.close()
})

t.test('a page with this client gets tokens of a broker without sessions', async t => {
  const { url } = await started(t, { settings: { SESSION_TTL: '0' } })
  const requests = watchRequests(t)
  const { broker, errors } = pageAt(url)
  for (let i = 0; i < renewals; i++) t.ok(await broker.token('video', { force: true }))
  await broker.close()
  t.same(requests.map(({ line }) => line), byPassword)
  t.same(errors, [])
})

t.test('a page with a client from before there were sessions gets tokens as ever', async t => {
  const { url, audit } = await started(t)
  const old = await import(pathToFileURL(join(root, 'test/fixtures/client-before-sessions.mjs')).href) as { TokenBroker: typeof TokenBroker }
  const requests = watchRequests(t)
  let password = 'secret123'
  const broker = new old.TokenBroker({ url, credentials: () => ({ username: 'susan', password }) })
  for (const product of ['voice', 'video', 'chat', 'sync', 'conversations'] as const) t.ok(await broker.token(product))
  t.ok(await broker.token({ video: { room: 'My Room' }, sync: {} }))
  t.same([...new Set(requests.map(({ line }) => line.split(' ').at(-1)))], ['Basic'])
  t.same([...new Set((await audit()).map(({ event, via }) => `${event} ${String(via)}`))], ['token.issued basic'])
  password = 'another one'
  await t.rejects(broker.token('voice', { force: true }), { name: 'SignInError', code: 'credentials-wrong' })
  t.equal(requests.length, 7)
})
