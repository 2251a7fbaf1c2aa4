import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { hangUpSignal } from '../../src/http/hang-up.js'
import t from 'tap'
import { startBroker, susan, type Broker } from '../helpers/broker.js'
import { ask, raw } from '../helpers/http.js'

const head = (path: string, ...headers: string[]) => [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n')
const good = head('/token/video', `Authorization: ${susan}`)

const ambiguous: Record<string, string> = {
  'two Authorization headers': head('/token/video', `Authorization: ${susan}`, `Authorization: ${susan}`),
  'two Host headers': head('/token/video', 'Host: y', `Authorization: ${susan}`),
  'no Host header': `GET /token/video HTTP/1.1\r\nAuthorization: ${susan}\r\n\r\n`,
  'a Content-Length beside Transfer-Encoding': `POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'two Content-Length headers': `POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}`,
  'a Content-Length with a sign': `POST /token/video HTTP/1.1\r\nHost: x\r\nAuthorization: ${susan}\r\nContent-Length: +2\r\n\r\n{}`,
  'lines that end in a bare LF': `GET /token/video HTTP/1.1\nHost: x\nAuthorization: ${susan}\n\n`,
  'one line that ends in a bare LF': `GET /token/video HTTP/1.1\r\nHost: x\nAuthorization: ${susan}\r\n\r\n`,
  'a folded header': head('/token/video', `Authorization: ${susan}`, 'X-Folded: a', ' b'),
  'a folded Authorization': head('/token/video', 'Authorization: Basic', ` ${susan.slice(6)}`),
  'a blank before the colon': head('/token/video', `Authorization : ${susan}`),
  'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'no HTTP at all': 'EHLO example.com\r\n\r\n'
}

t.test('what proxies could read in two ways is 400, and nothing behind it on that socket is answered', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  for (const [name, bytes] of Object.entries(ambiguous)) {
    // A login that is remembered takes no time in which the socket could close.
    await ask(broker.url, { as: susan })
    const before = (await broker.audit()).length
    const text = await raw(broker.url, bytes + good + good)
    t.match(text, /^HTTP\/1.1 400 Bad Request\r\n/, name)
    t.equal(text.match(/HTTP\/1\.1/g)?.length, 1, `${name}: one answer`)
    t.notOk((await broker.audit()).slice(before).some(({ event }) => event === 'token.issued'), `${name}: nothing was signed`)
  }
})

t.test('S24: headers beyond 16 KiB, or so many that Node drops some, are 431, and the socket closes', async t => {
  const broker: Broker = await startBroker()
  t.teardown(broker.close)
  const lines = (n: number) => Array.from({ length: n }, () => 'a: b')
  for (const headers of [lines(1000), [`X-Long: ${'x'.repeat(16_500)}`], [`X-Long: ${'x'.repeat(40_000)}`]]) {
    const text = await raw(broker.url, head('/token/video', ...headers, `Authorization: ${susan}`) + good)
    t.match(text, /^HTTP\/1\.1 431 [^]*"code":"headers-too-large"/)
    t.equal(text.match(/HTTP\/1\.1/g)?.length, 1, 'one answer')
  }
  t.strictSame(await broker.audit(), [], 'and they are only counted')
  for (const headers of [lines(990), [`X-Long: ${'x'.repeat(16_000)}`]]) {
    t.match(await raw(broker.url, head('/token/video', ...headers, `Authorization: ${susan}`, 'Connection: close')), /^HTTP\/1\.1 200/)
  }
})

t.test('a request in the form for proxies, or with an expectation, is one like any other', async t => {
  const broker: Broker = await startBroker({ settings: { CORS_ORIGINS: 'https://a.example' } })
  t.teardown(broker.close)
  const asking = (path: string, ...headers: string[]) => raw(broker.url, head(path, `Authorization: ${susan}`, 'Connection: close', ...headers))
  for (const host of ['http://x', 'HTTPS://name:canary-password@tokens.example.com:8443']) {
    t.match(await asking(`${host}/token/video`), /^HTTP\/1\.1 200 /)
    t.match(await asking(`${host}/token`), /^HTTP\/1\.1 405 [^]*\r\nallow: POST\r\n/)
    t.match(await asking(`${host}/token/%zz`), /^HTTP\/1\.1 400 [^]*"code":"request-invalid"/)
    t.match(await asking(`${host}?x`), /^HTTP\/1\.1 200 [^]*<title>/)
    t.match(await asking(`${host}//token/video`), /^HTTP\/1\.1 404 /)
  }
  t.notMatch(broker.log(), /canary/)
  t.match(await asking('/token', 'Expect: x', 'Origin: https://a.example'), /^HTTP\/1\.1 405 [^]*\r\naccess-control-allow-origin: https:\/\/a\.example\r\n/)
})

t.test('a login that comes to wait after its caller has gone waits for nothing', t => {
  const raw = new ServerResponse(new IncomingMessage(new Socket()))
  raw.destroy()
  t.ok(hangUpSignal({ raw } as FastifyReply).aborted)
  t.end()
})
