import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleClient } from '../../browser/bundle.js'
import { startBroker } from '../../helpers/broker.js'
import { application } from '../../helpers/embedded.js'
import { failNextRead } from '../../helpers/failing-read.js'
import { ask, type Ask } from '../../helpers/http.js'
import { root } from '../../helpers/root.js'

const source = await bundleClient()
// As the build writes it.
mkdirSync(join(root, 'dist/client'), { recursive: true })
writeFileSync(join(root, 'dist/client/index.js'), source)
for (const entry of ['tab', 'video'] as const) writeFileSync(join(root, `dist/client/${entry}.js`), await bundleClient(entry))

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const pinned = `/client-${version}.js`
const broker = await startBroker({ settings: { CONSOLE: 'false', CORS_ORIGINS: 'https://app.example.com' } })
t.teardown(broker.close)
const get = (path: string, more: Ask = {}) => ask(broker.url, { method: 'GET', path, ...more })

t.test('S145: the client is served to every page as one module, with the console off too', async t => {
  const rows: Array<{ path: string, cacheControl: string }> = [
    { path: '/client.js', cacheControl: 'public, max-age=3600' },
    { path: '/client.js?x=1', cacheControl: 'public, max-age=3600' },
    { path: pinned, cacheControl: 'public, max-age=31536000, immutable' }
  ]
  for (const { path, cacheControl } of rows) {
    for (const origin of ['https://app.example.com', 'https://elsewhere.example.com', undefined]) {
      const { status, headers, text } = await get(path, { headers: origin === undefined ? {} : { Origin: origin, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' } })
      t.has({ status, headers }, {
        status: 200,
        headers: {
          'content-type': 'text/javascript; charset=utf-8',
          'access-control-allow-origin': '*',
          'cross-origin-resource-policy': 'cross-origin',
          'cache-control': cacheControl,
          vary: 'Accept-Encoding',
          'x-content-type-options': 'nosniff'
        }
      }, path)
      t.match(headers.etag, /^W\/"[\w-]{22}"$/)
      t.equal(headers['content-security-policy'], undefined)
      t.equal(headers['access-control-expose-headers'], undefined)
      t.equal(text, source)
    }
  }
  const module = await import(`data:text/javascript,${encodeURIComponent((await get('/client.js')).text)}`) as { TokenBroker: unknown }
  t.type(module.TokenBroker, 'function')
})

t.test('so are its modules that not every page needs', async t => {
  for (const entry of ['tab', 'video'] as const) {
    t.has(await get(`/client/${entry}.js`), {
      status: 200,
      text: await bundleClient(entry),
      headers: { 'content-type': 'text/javascript; charset=utf-8', 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=3600' }
    }, entry)
  }
})

t.test('it is compressed for those who take that', async t => {
  for (const encoding of ['br', 'gzip'] as const) {
    const reply = await fetch(`${broker.url}/client.js`, { headers: { 'Accept-Encoding': encoding } })
    t.equal(reply.headers.get('content-encoding'), encoding)
    t.equal(await reply.text(), source)
    const { headers } = await get('/client.js', { method: 'HEAD', headers: { 'Accept-Encoding': encoding } })
    t.ok(Number(headers['content-length']) < 6000, `${encoding}: ${headers['content-length']} bytes`)
  }
})

t.test('who has it already gets 304', async t => {
  const { etag } = (await get('/client.js')).headers
  for (const known of [etag!, etag!.replace('W/', ''), `"other", ${etag}`, '*']) {
    for (const method of ['GET', 'HEAD']) {
      t.has(await get('/client.js', { method, headers: { 'If-None-Match': known } }), { status: 304, text: '', headers: { etag, 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=3600' } }, known)
    }
  }
  t.match(await get('/client.js', { headers: { 'If-None-Match': '"other"' } }), { status: 200 })
})

t.test('a read of the module that fails once is tried again at the next request', async t => {
  const other = await startBroker()
  t.teardown(other.close)
  failNextRead(/client\/index\.js$/)
  t.has(await ask(other.url, { method: 'GET', path: '/client.js' }), { status: 500, body: { code: 'internal' } })
  t.has(await ask(other.url, { method: 'GET', path: pinned }), { status: 200, text: source })
})

t.test('HEAD is answered without the bytes, and nothing else is found there', async t => {
  t.has(await get('/client.js', { method: 'HEAD' }), { status: 200, text: '', headers: { 'content-length': String(Buffer.byteLength(source)) } })
  t.has(await get('/client.js', { method: 'POST' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  for (const path of ['/client-0.0.0.js', '/client', '/client/index.js', '/client.js/']) t.has(await get(path), { status: 404, body: { code: 'not-found' } }, path)
})

t.test('inside an application it lies below the broker\'s prefix', async t => {
  const app = await application()
  t.teardown(app.close)
  for (const path of ['/twilio/client.js', `/twilio${pinned}`]) {
    t.has(await ask(app.url, { method: 'GET', path, headers: { Origin: 'https://elsewhere.example.com' } }), { status: 200, text: source, headers: { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' } })
  }
})
