import t from 'tap'
import { startBroker } from '../helpers/broker.js'
import { Page } from '../helpers/page.js'

t.test('a page signs in once, gets tokens without the password, and signs out', async t => {
  const broker = await startBroker()
  t.teardown(broker.close)
  const page = new Page(broker.url)
  const opened = await page.open()
  t.match(opened, {
    status: 201,
    headers: { 'cache-control': 'no-store', 'dpop-nonce': /^[\w-]{35}$/ },
    body: { session: /^ttb_[\w-]+$/, identity: 'susan', expiresIn: 43_200, expiresAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/ }
  })
  t.equal(Math.floor(Date.parse(opened.body.expiresAt) / 1000) - Number(opened.body.now), 43_200)
  for (const request of [{}, { method: 'GET' }, { path: '/token' }, { path: '/token/voice', body: { incoming: true } }]) {
    t.match(await page.ask(request), { status: 200, headers: { 'dpop-nonce': /./, 'ratelimit-policy': /"caller"/ }, body: { token: /^eyJ/, identity: 'susan' } })
  }
  t.match(await page.ask({ method: 'GET', path: '/openapi.json' }), { status: 200 })
  t.match(await page.end(), { status: 204, text: '' })
  t.match(await page.ask(), { status: 401, body: { code: 'session-ended' } })
  const lines = await broker.audit()
  const sessionId = lines[0]!.sessionId as string
  t.match(sessionId, /^[\w-]{16}$/)
  t.match(lines[0], { event: 'session.opened', caller: 'susan', identity: 'susan', via: 'basic', sessionId, ttl: 43_200, expiresAt: opened.body.expiresAt })
  t.match(lines[1], { event: 'token.issued', caller: 'susan', identity: 'susan', via: 'session', sessionId, products: ['video'] })
  t.match(lines.at(-2), { event: 'session.ended', caller: 'susan', identity: 'susan', via: 'session', sessionId })
  t.match(lines.at(-1), { event: 'token.refused', caller: 'susan', via: 'session', sessionId, code: 'session-ended' })
})
