import t from 'tap'
import { startBroker } from '../../helpers/broker.js'
import { application } from '../../helpers/embedded.js'
import { ask } from '../../helpers/http.js'
import { answer, loginServer } from '../../helpers/login-server.js'
import { Page, signedIn } from '../../helpers/page.js'
import { noPostgres, postgres } from '../../helpers/postgres.js'
import { another, cheap } from '../../helpers/postgres-store.js'
import { basic } from '../../helpers/broker.js'

const ended = { status: 401, body: { code: 'session-ended' } }
const SESSION_SECRET = 's'.repeat(32)

/** A login whose yes carries a version, where one is set, and that is asked about versions. */
async function versionedLogin () {
  const state = { version: undefined as string | undefined, current: 'v1', status: 200, asked: 0 }
  const server = await loginServer((sent, response) => {
    if ('password' in sent) return sent.password === 'right' ? answer(response, 200, { name: 'susan', version: state.version }) : answer(response, 401)
    state.asked++
    const { version } = sent as unknown as { version: string }
    answer(response, state.status === 200 && version !== state.current ? 401 : state.status)
  })
  return { server, state }
}

const right = basic('Susan', 'right')

t.test('with LOGIN_URL there are sessions where SESSION_TTL is set, which is warned of', async t => {
  const { server } = await versionedLogin()
  t.teardown(server.close)
  const without = await startBroker({ settings: { LOGIN_URL: server.url } })
  t.teardown(without.close)
  t.has(await new Page(without.url).open({ as: right }), { status: 404, body: { code: 'not-found' } })
  t.notMatch(without.log(), /SESSION_TTL/)

  const broker = await startBroker({ settings: { LOGIN_URL: server.url, SESSION_TTL: '600' } })
  t.teardown(broker.close)
  t.match(broker.log(), /SESSION_TTL is set with LOGIN_URL: a changed password ends no session there/)
  const page = await signedIn(broker.url, { as: right })
  await server.stop()
  t.has(await page.ask(), { status: 200, body: { identity: 'susan' } }, 'without a version it is asked nothing')
  t.has((await broker.audit()).at(-1), { caller: 'susan', via: 'session' })
})

t.test('S52: a version that LOGIN_URL answers ends the sessions of another password', async t => {
  const { server, state } = await versionedLogin()
  t.teardown(server.close)
  const settings = { LOGIN_URL: server.url, SESSION_TTL: '600', SESSION_SECRET }
  state.version = 'v1'
  const first = await startBroker({ settings })
  t.teardown(first.close)
  const page = await signedIn(first.url, { as: right })
  for (let i = 0; i < 3; i++) t.match(await page.ask({}, first.url), { status: 200 })
  t.equal(state.asked, 0, 'the sign-in counts as the first question')

  // Another node has asked nothing yet.
  const node = await startBroker({ settings })
  t.teardown(node.close)
  const pages = await Promise.all([page.ask({}, node.url), page.ask({}, node.url), page.ask({}, node.url)])
  t.same(pages.map(({ status }) => status), [200, 200, 200])
  t.equal(state.asked, 1, 'it is asked once for all')

  const away = await startBroker({ settings })
  t.teardown(away.close)
  state.status = 500
  const answer = await page.ask({}, away.url)
  t.has(answer, { status: 503, body: { code: 'store-unavailable' } }, 'an outage is none')
  t.match(answer.headers['retry-after'], /./, 'an outage is none')
  t.match(await page.end({}, away.url), { status: 204 }, 'and keeps nobody from signing out')

  state.status = 200
  state.current = 'v2'
  const later = await startBroker({ settings })
  t.teardown(later.close)
  t.has(await page.ask({}, later.url), ended)
  state.current = 'v1'
  t.has(await page.ask({}, later.url), ended, 'and it stays so')
  state.version = 'x'.repeat(129)
  t.has(await new Page(later.url).open({ as: right }), { status: 503, body: { code: 'store-unavailable' } })
  t.match(later.log(), /LOGIN_URL answered a version that is not a text of at most 128 bytes/)
})

t.test('callers in PostgreSQL', { skip: noPostgres }, async t => {
  const database = await postgres()
  t.teardown(database.close)
  await database.sql('CREATE TABLE callers (name text, password text, identity text)')
  await database.insert('callers', ['susan', 'bob', 'zoe'].map(name => [name, cheap, `agent-${name}`]))
  const settings = { DATABASE_URL: database.url(), USERS_QUERY: 'SELECT password AS password_hash, name, identity FROM callers WHERE name = lower($1)', SESSION_SECRET }
  const broker = await startBroker({ settings })
  t.teardown(broker.close)
  const sign = (name: string) => signedIn(broker.url, { as: basic(name, 'right') })

  t.test('have sessions, by the name that they typed', async t => {
    const page = await sign('Susan')
    t.has(await page.ask({ path: '/token/sync' }), { status: 200, body: { identity: 'agent-susan' } })
    t.has((await broker.audit()).at(-1), { caller: 'susan', identity: 'agent-susan', via: 'session' })
  })

  t.test('S51: are signed out when another identity, another password or nobody is found', async t => {
    const pages = [await sign('susan'), await sign('bob'), await sign('zoe')]
    for (const page of pages) t.match(await page.ask({ path: '/token/sync' }), { status: 200 })
    await database.sql('UPDATE callers SET identity = \'agent-7\' WHERE name = \'susan\'')
    await database.sql(`UPDATE callers SET password = '${another}' WHERE name = 'bob'`)
    await database.sql('DELETE FROM callers WHERE name = \'zoe\'')
    const node = await startBroker({ settings })
    t.teardown(node.close)
    for (const page of pages) t.has(await page.ask({ path: '/token/sync' }, node.url), ended)
    for (const page of pages) t.match(await page.ask({ path: '/token/sync' }), { status: 200 }, 'the first node has a minute')
  })

  t.test('who got another password sign in anew at once, on every node', async t => {
    await database.insert('callers', [['kim', another, 'agent-kim']])
    const node = await startBroker({ settings })
    t.teardown(node.close)
    const page = await sign('kim')
    t.match(await page.ask({ path: '/token/sync' }, node.url), { status: 200 })
    await database.sql(`UPDATE callers SET password = '${cheap}' WHERE name = 'kim'`)
    const later = await startBroker({ settings })
    t.teardown(later.close)
    const again = await signedIn(later.url, { as: basic('kim', 'right') })
    for (const { url } of [node, later]) t.match(await again.ask({ path: '/token/sync' }, url), { status: 200 }, 'whatever the node remembers of before')
    t.has(await page.ask({ path: '/token/sync' }, node.url), ended)
    await database.sql(`UPDATE callers SET password = '${another}' WHERE name = 'kim'`)
    const third = await startBroker({ settings })
    t.teardown(third.close)
    t.has(await again.ask({ path: '/token/sync' }, third.url), ended)
    t.match(await (await signedIn(third.url, { as: basic('kim', 'right') })).ask({ path: '/token/sync' }, node.url), { status: 200 })
    t.has(await again.ask({ path: '/token/sync' }, node.url), ended)
    t.equal((await ask(node.url, { path: '/token/sync', as: basic('kim', 'right') })).status, 200)
  })

  t.test('go on for their minute while the database is away, and are 503 beyond it', async t => {
    await database.insert('callers', [['amy', cheap, 'agent-amy'], ['ann', cheap, 'agent-ann']])
    const [known, unknown] = [await sign('amy'), await sign('ann')]
    const node = await startBroker({ settings })
    t.teardown(node.close)
    t.match(await known.ask({ path: '/token/sync' }, node.url), { status: 200 })
    await database.stop()
    t.match(await known.ask({ path: '/token/sync' }, node.url), { status: 200 })
    const answer = await unknown.ask({ path: '/token/sync' }, node.url)
    t.has(answer, { status: 503, body: { code: 'store-unavailable' } })
    t.match(answer.headers, { 'retry-after': /./, 'dpop-nonce': /./ })
    t.match(await unknown.end({}, node.url), { status: 204 }, 'which keeps nobody from signing out')
    await database.start()
  })
})

t.test('inside an application sessions are on where SESSION_TTL is set, below its prefix', async t => {
  const off = await application({})
  t.teardown(off.close)
  t.match(await ask(off.url, { path: '/twilio/session', as: basic('susan', 'secret123') }), { status: 404 })
  const { url, log, audit, close } = await application({ brokers: [{ settings: { SESSION_TTL: 600, PUBLIC_URL: 'https://app.example.com' } }] })
  t.teardown(close)
  t.match(log(), /SESSION_TTL is set: a password that is changed in the application ends no session before its time/)
  for (const seenAs of [url, 'https://app.example.com']) {
    const page = new Page(url, seenAs)
    t.match(await page.open({ path: '/twilio/session' }), { status: 201, body: { expiresIn: 600 } })
    t.match(await page.ask({ path: '/twilio/token/video' }), { status: 200 })
    t.match(await page.end({ path: '/twilio/session' }), { status: 204 })
    t.has(await page.ask({ path: '/twilio/token/video' }), ended)
  }
  t.has((await audit())[0], { event: 'session.opened', caller: 'susan' })
})
