import t from 'tap'
import { basic, susan } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'
import { askIn, bareSession, headersFrame, session } from '../helpers/http2.js'
import { startSecure } from '../helpers/https.js'
import { until } from '../helpers/until.js'

t.test('over HTTP/2 the answers, limits and audit are those of HTTP/1.1', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  const warnings: string[] = []
  const warn = (warning: Error) => warnings.push(warning.message)
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))

  const cases: Array<Ask & { name: string, status: number, code: string }> = [
    { name: 'no credentials', status: 401, code: 'credentials-missing' },
    { name: 'malformed credentials', as: 'Basic !!!', status: 401, code: 'credentials-wrong' },
    { name: 'an unknown product', as: susan, path: '/token/nope', status: 404, code: 'product-unknown' },
    { name: 'a path that does not decode', as: susan, path: '/token/%zz', status: 400, code: 'request-invalid' },
    { name: 'a query', as: susan, path: '/token/video?room=x', status: 400, code: 'request-invalid' },
    { name: 'a method that mints nothing', as: susan, method: 'DELETE', status: 405, code: 'method-not-allowed' },
    { name: 'a large body', as: susan, body: { room: 'x'.repeat(8000) }, status: 413, code: 'body-too-large' },
    { name: 'a large body that says so', as: susan, body: { room: 'x'.repeat(8000) }, headers: { 'content-length': '8011' }, status: 413, code: 'body-too-large' },
    { name: 'a body that is not JSON', as: susan, body: '{', status: 400, code: 'request-invalid' },
    { name: 'a body without a type', as: susan, body: '{}', headers: { 'content-type': '' }, status: 415, code: 'media-type' },
    { name: 'a compressed body', as: susan, body: '{}', headers: { 'content-encoding': 'gzip' }, status: 415, code: 'media-type' },
    { name: 'a no-cors page', as: susan, headers: { 'sec-fetch-mode': 'no-cors' }, status: 403, code: 'origin-refused' }
  ]
  for (const { name, status, code, ...request } of cases) {
    t.has(await askIn(client, request), { status, body: { code } }, name)
    t.has(await ask(broker.url, request), { status, body: { code } }, `${name}, over HTTP/1.1`)
  }
  for (const request of [{ body: '' }, <Ask>{ headers: { 'content-type': 'text/plain' } }, { headers: { 'content-type': '' }, body: '' }, { body: '{}', headers: { 'content-length': '2' } }]) {
    t.match(await askIn(client, { as: susan, ...request }), { status: 200 }, JSON.stringify(request))
  }
  t.has(await askIn(client, { method: 'HEAD', path: '/healthz' }), { status: 200, text: '' })
  t.match(await askIn(client, { as: susan }), { status: 200 }, 'the session goes on')
  t.strictSame(warnings, [], 'nothing is sent that HTTP/2 has no place for')

  const guesses = await Promise.all(Array.from({ length: 50 }, (_, i) => askIn(client, { as: basic('susan', `wrong-${i}`) })))
  t.equal(guesses.filter(({ status }) => status === 401).length, 5)
  t.equal(guesses.filter(({ body }) => body.code === 'login-limited').length, 45)
  t.notOk(/FST_ERR|TypeError/.test(broker.log()))
})

t.test('headers that may come once are refused twice in HTTP/2 too', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const { socket, send } = bareSession(broker.url)
  t.teardown(() => socket.destroy())
  const request: Array<[string, string]> = [[':method', 'GET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', '/token/video'], ['authorization', susan]]
  send(headersFrame(request, 1))
  await until(async () => (await broker.audit()).length === 1)
  send(headersFrame([...request, ['authorization', basic('susan', 'another')]], 3))
  await until(async () => (await broker.audit()).length === 2)
  send(headersFrame([...request, ['origin', 'https://a.example'], ['origin', 'https://b.example']], 5))
  await until(async () => (await broker.audit()).length === 3)
  send(headersFrame(request, 7))
  await until(async () => (await broker.audit()).length === 4)
  t.strictSame((await broker.audit()).map(({ event, code }) => code ?? event), ['token.issued', 'request-invalid', 'request-invalid', 'token.issued'])
})
