import t from 'tap'
import { failNextRead } from '../helpers/failing-read.js'
import { startBroker } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'
import { builtPages } from './built.js'

const pages = builtPages()
const named = (pattern: RegExp) => [...pages.keys()].find(name => pattern.test(name))!
const script = named(/^main-\w+\.js$/)

const broker = await startBroker()
t.teardown(broker.close)
const get = (path: string, more: Ask = {}) => ask(broker.url, { method: 'GET', path, ...more })
const bytes = async (path: string, encoding: string) => Buffer.from(await (await fetch(broker.url + path, { headers: { 'Accept-Encoding': encoding } })).arrayBuffer())

t.test('S118: the page is the same for everybody, may do next to nothing, and is never kept', async t => {
  for (const path of ['/', '/docs', '/?x=1']) {
    const { status, headers, text } = await get(path)
    t.equal(status, 200, path)
    t.equal(text, pages.get('index.html'))
    t.has(headers, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'Origin, Accept-Encoding'
    })
    const policy = String(headers['content-security-policy']).split(/; ?/)
    t.ok(["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "trusted-types 'none'"].every(directive => policy.includes(directive)))
    t.strictSame(policy.filter(directive => /-src /.test(directive)), ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"])
  }
  const answer = await get('/', { method: 'HEAD' })
  t.has(answer, { status: 200, text: '' })
  t.match(answer.headers['content-security-policy'], /default-src 'none'/)
  t.has(await get('/', { method: 'POST' }), { status: 405, headers: { allow: 'GET, HEAD' } })
})

t.test('what the page needs comes from beside it, compressed, and may be kept for ever', async t => {
  const needed = [...pages.get('index.html')!.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  t.equal(needed.length, 3)
  for (const path of needed) {
    t.match(path, /^console\/[\w-]+-\w{8}\.(js|css|svg)$/, 'relative, so right behind a proxy')
    const answer = await get(`/${path}`)
    t.has(answer, { status: 200, headers: { 'cache-control': 'public, max-age=31536000, immutable', 'x-content-type-options': 'nosniff' } })
    t.match(answer.headers['content-security-policy'], /./)
  }
  t.has(await get(`/console/${named(/^style-.*css$/)}`), { headers: { 'content-type': 'text/css; charset=utf-8' } })
  const refused = await get('/console/licences.txt')
  t.has(refused, { headers: { 'cache-control': 'no-store' } })
  t.match(refused.text, /^preact\n[^]*\nuplot\n/)
  const cases: Array<[accepted: string | undefined, encoding: string | undefined]> = [
    [undefined, undefined], ['identity', undefined], ['gzip', 'gzip'], ['gzip, deflate, br', 'br'], ['br;q=0, gzip', 'gzip'], ['br; q=0.0', undefined], ['br;q=0.5', 'br'], ['x-br, brotli', undefined]
  ]
  for (const [accepted, encoding] of cases) {
    const { headers } = await get(`/console/${script}`, { headers: accepted === undefined ? {} : { 'Accept-Encoding': accepted } })
    t.equal(headers['content-encoding'], encoding, accepted ?? 'none')
  }
  for (const encoding of ['identity', 'gzip', 'br']) t.equal((await bytes(`/console/${script}`, encoding)).toString(), pages.get(script), encoding)
})

t.test('the first load has at most 30 kB compressed, and Twilio\'s codes are not in it', async t => {
  const first = new Set([script, named(/^style-.*css$/), named(/^icon-.*svg$/), 'index.html'])
  // Without those that `import()` loads later.
  for (const name of first) for (const [, imported] of pages.get(name)!.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g)) first.add(imported!)
  t.ok(first.size > 4, 'main imports others')
  let total = 0
  for (const name of first) {
    total += Number((await get(name === 'index.html' ? '/' : `/console/${name}`, { headers: { 'Accept-Encoding': 'br' } })).headers['content-length'])
    t.notMatch(pages.get(name), /invalid access token issuer/, name)
  }
  t.ok(total <= 30_000, `${total} bytes`)
})

t.test('nothing else is served', async t => {
  for (const path of ['/console/', '/console/nothing.js', `/console/${script}.br`, `/console/${script}.map`, '/console/..%2findex.html', '/console/%2e%2e/package.json', '/console/constructor', '/console', '/docs/', '/index.html']) {
    t.has(await get(path), { status: 404, body: { code: 'not-found' } }, path)
  }
})

t.test('no page names another host but as words', async t => {
  const addresses = [...pages].filter(([name]) => /\.(js|css|html|svg)$/.test(name))
    .flatMap(([, text]) => text.match(/(?:https?:|(?<!\\))\/\/[\w-]+\.[\w.-]+/g) ?? [])
  t.strictSame([...new Set(addresses)].sort(), ['http://www.w3.org', 'https://securetoken.google.com', 'https://www.twilio.com'], 'a namespace of XML, an issuer of tokens that are not Twilio\'s, and where Twilio lists its codes')
})

t.test('O43: a read of the pages that fails once is tried again at the next request', async t => {
  const other = await startBroker()
  t.teardown(other.close)
  failNextRead(/index\.html\.br$/)
  t.has(await ask(other.url, { method: 'GET', path: '/' }), { status: 500, body: { code: 'internal' } })
  t.has(await ask(other.url, { method: 'GET', path: '/' }), { status: 200, text: pages.get('index.html') })
})

t.test('without CONSOLE there is no page, and the API is as it was', async t => {
  const without = await startBroker({ settings: { CONSOLE: 'false' } })
  t.teardown(without.close)
  for (const path of ['/', '/docs', `/console/${script}`]) {
    const answer = await ask(without.url, { method: 'GET', path })
    t.has(answer, { status: 404, body: { code: 'not-found' } }, path)
    t.match(answer.headers['content-type'], /^application\/problem\+json/, path)
  }
  t.equal((await ask(without.url, { method: 'GET', path: '/healthz' })).status, 200)
  t.equal((await ask(without.url, { method: 'GET', path: '/openapi.json' })).status, 401)
})
