import t from 'tap'
import { openStore } from '../../../src/callers/stores/open.js'
import { HashQueue } from '../../../src/callers/passwords/hash-queue.js'
import { basic, cheapHash, startBroker } from '../../helpers/broker.js'
import { ask } from '../../helpers/http.js'
import { answer, loginServer } from '../../helpers/login-server.js'
import { noPostgres, postgres } from '../../helpers/postgres.js'
import { until } from '../../helpers/until.js'

const susan = basic('susan', 'secret123')
const wrong = basic('susan', 'wrong-one')
const refusedStart = async (settings: Record<string, string>) => await startBroker({ settings }).catch((error: unknown) => error)

t.test('S141: with LOGIN_URL the application decides, and its outage is never a wrong password', async t => {
  const server = await loginServer(({ username, password }, response) => username === 'susan' && password === 'secret123'
    ? answer(response, 200, { identity: 'user_7' })
    : answer(response, 401))
  t.teardown(server.close)
  const broker = await startBroker({ settings: { LOGIN_URL: server.url, LOGIN_FAILURES_MAX: '2' } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: susan }), { status: 200, body: { identity: 'user_7' } })
  t.has((await broker.audit()).at(-1), { caller: 'susan', identity: 'user_7' })
  t.equal((await ask(broker.url, { as: wrong })).status, 401)
  await broker.reload()
  await server.stop()
  t.equal((await ask(broker.url, { as: susan })).status, 200, 'a login is remembered for a minute')
  for (let i = 0; i < 5; i++) {
    const refused = await ask(broker.url, { as: wrong })
    t.has(refused, { status: 503, body: { code: 'store-unavailable' } }, 'an outage counts as no guess')
    t.match(refused.headers['retry-after'], /^\d+$/, 'an outage counts as no guess')
  }
  t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  await server.start()
  await until(async () => (await ask(broker.url, { as: wrong })).status === 401)
})

t.test('a fault that is not the users file\'s is thrown', async t => {
  const log = { info () {}, warn () {}, error () {} }
  const cwd = 1 as unknown as string
  await t.rejects(openStore({}, { cwd, log, queue: new HashQueue(), onReload () {}, mayStart: false }), TypeError)
})

t.test('a LOGIN_URL that is no login stops the start', async t => {
  const server = await loginServer((_credentials, response) => answer(response, 404))
  t.teardown(server.close)
  t.match(await refusedStart({ LOGIN_URL: server.url }), { mistakes: [/^LOGIN_URL /] })
})

t.test('with DATABASE_URL the operator\'s own table decides', { skip: noPostgres }, async t => {
  const server = await postgres()
  t.teardown(server.close)
  await server.sql('CREATE TABLE people (login text PRIMARY KEY, secret text, id text)')
  await server.insert('people', [['susan', await cheapHash('secret123'), 'user_7']])
  const settings = { DATABASE_URL: server.url(), USERS_QUERY: 'SELECT secret AS password_hash, id AS identity FROM people WHERE login = $1' }

  const broker = await startBroker({ settings })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: susan }), { status: 200, body: { identity: 'user_7' } })
  t.equal((await ask(broker.url, { as: wrong })).status, 401)
  t.match(broker.log(), /"USERS_QUERY answers no \\"name/)

  const files = { 'policy.yaml': 'rules: [{ who: [susan], allow: { sync: {} } }]' }
  const query = 'SELECT login AS name, secret AS password_hash, id AS identity FROM people WHERE lower(login) = lower($1) OR id = $1'
  const named = await startBroker({ settings: { ...settings, USERS_QUERY: query, POLICY_FILE: 'policy.yaml', CALLER_LIMIT_MAX: '2' }, files })
  t.teardown(named.close)
  for (const [name, status] of [['SUSAN', 200], ['user_7', 200], ['susan', 429]] as const) {
    t.equal((await ask(named.url, { as: basic(name, 'secret123'), path: '/token/sync' })).status, status, name)
    t.has((await named.audit()).at(-1), { caller: 'susan' })
  }
  t.notMatch(named.log(), /answers no \\"name/)

  t.match(await refusedStart({ ...settings, USERS_QUERY: 'SELECT nonsense FROM people WHERE login = $1' }), { mistakes: [/^USERS_QUERY/] })
  t.match(await refusedStart({ DATABASE_URL: server.url() }), { mistakes: [/^USERS_QUERY is missing/] })

  await server.stop()
  t.has(await ask(broker.url, { as: wrong }), { status: 503, body: { code: 'store-unavailable' } })
  const later = await startBroker({ settings })
  t.teardown(later.close)
  t.match(later.log(), /DATABASE_URL is unavailable, so nobody can sign in/)
  t.match(await ask(later.url, { as: susan }), { status: 503 })
  await server.start()
  await until(async () => (await ask(later.url, { as: susan })).status === 200)
})
