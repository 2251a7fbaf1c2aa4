import t from 'tap'
import { startBroker } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'

const broker = await startBroker()
t.teardown(broker.close)

t.test('outside /token there is a sign of life, and nothing else', async t => {
  t.match(await ask(broker.url, { method: 'GET', path: '/healthz' }), { status: 200, body: { alive: true } })
  t.has(await ask(broker.url, { method: 'HEAD', path: '/healthz' }), { status: 200, text: '' })
  t.has(await ask(broker.url, { path: '/healthz' }), { status: 405, headers: { allow: 'GET, HEAD' }, body: { code: 'method-not-allowed' } })
  const answer = await ask(broker.url, { method: 'GET', path: '/nothing' })
  t.has(answer, { status: 404, body: { code: 'not-found' } })
  t.match(answer.body.detail, /nothing at this address/)
})

t.test('what is no request there is refused whatever its body is said to be', async t => {
  const paths = [
    { path: '/', allow: 'GET, HEAD' },
    { path: '/healthz', allow: 'GET, HEAD' },
    { path: '/readyz', allow: 'GET, HEAD' },
    { path: '/metrics', allow: 'GET' },
    { path: '/openapi.json', allow: 'GET' }
  ]
  const bodies: Ask[] = [{}, { body: '{}' }, { body: '{}', headers: { 'Content-Type': 'json' } }, { body: '{}', headers: { 'Content-Type': '' } }]
  for (const method of ['POST', 'PUT', 'OPTIONS', 'QUERY', 'PROPFIND']) {
    for (const body of bodies) {
      const says = `${method} with ${JSON.stringify(body)}`
      for (const { path, allow } of paths) {
        t.has(await ask(broker.url, { method, path, ...body }), { status: 405, headers: { allow }, body: { code: 'method-not-allowed' } }, `${path}: ${says}`)
      }
      t.has(await ask(broker.url, { method, path: '/nothing', ...body }), { status: 404, body: { code: 'not-found' } }, says)
    }
  }
})
