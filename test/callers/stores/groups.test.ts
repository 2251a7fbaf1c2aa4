import t from 'tap'
import type { StartError } from '../../../src/server/start-error.js'
import { basic, startBroker } from '../../helpers/broker.js'
import { application, token } from '../../helpers/embedded.js'
import { ask } from '../../helpers/http.js'
import { lenientLogin } from '../../helpers/lenient-login.js'
import { answer, loginServer } from '../../helpers/login-server.js'
import { Page, signedIn } from '../../helpers/page.js'
import { noPostgres, postgres } from '../../helpers/postgres.js'
import { cheap } from '../../helpers/postgres-store.js'

const policy = `groups:
  staff: [juan]
rules:
  - { who: ["group:banned"], allow: {} }
  - { who: ["group:support", "group:staff"], allow: { video: { rooms: [support] } } }
  - { who: ["jwt-group:bearers"], allow: { video: { rooms: [bearers] } } }
  - { who: ["*"], allow: { video: { rooms: [lobby] } } }
`
const settings = { POLICY_FILE: 'policy.yaml', SESSION_SECRET: 's'.repeat(32) }
const files = { 'policy.yaml': policy }

const many = (count: number) => Array.from({ length: count }, (_, i) => `group ${i}`)
const inRoom = (room: string) => ({ status: 200, grant: { room } })
const refused = { status: 403, code: 'not-allowed' }
const outage = { status: 503, code: 'store-unavailable' }

/** What each caller is answered, by the groups that the store says. */
const rows: Array<{ title: string, groups: unknown, gets: object }> = [
  { title: 'none said', groups: undefined, gets: inRoom('lobby') },
  { title: 'null', groups: null, gets: inRoom('lobby') },
  { title: 'an empty list', groups: [], gets: inRoom('lobby') },
  { title: 'a group that no rule names', groups: ['sales'], gets: inRoom('lobby') },
  { title: 'a group that a rule names', groups: ['sales', 'support'], gets: inRoom('support') },
  { title: 'a group that the file has, too', groups: ['staff'], gets: inRoom('support') },
  { title: 'two groups: the first rule decides', groups: ['support', 'banned'], gets: refused },
  { title: 'the group of an identity provider', groups: ['bearers'], gets: inRoom('lobby') },
  { title: 'a group with its prefix', groups: ['group:support'], gets: inRoom('lobby') },
  { title: 'another case', groups: ['Support'], gets: inRoom('lobby') },
  { title: '200 groups', groups: [...many(199), 'support'], gets: inRoom('support') },
  { title: '201 groups', groups: [...many(200), 'support'], gets: outage },
  { title: 'a long group', groups: ['x'.repeat(129)], gets: outage },
  { title: 'one text', groups: 'support', gets: outage },
  { title: 'a number', groups: ['support', 7], gets: outage },
  { title: 'a map', groups: { support: true }, gets: outage },
  { title: 'a control character', groups: ['sup\nport'], gets: outage }
]
const accounts: Record<string, object> = Object.fromEntries(rows.map(({ groups }, i) => [`user${i}`, { name: `user${i}`, groups }]))

async function got (url: string, path: string, as: string) {
  const { status, body } = await ask(url, { path, as })
  return status === 200 ? { status, grant: grantOf(body.token) } : { status, code: body.code }
}

function grantOf (token: string) {
  const { grants } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { grants: { video: object } }
  return grants.video
}

t.test('the policy goes by the groups that a store answers; null is none, and another form an outage that the log explains', async t => {
  const login = await lenientLogin(t, { ...accounts, juan: {} })
  const outside = await startBroker({ settings: { LOGIN_URL: login.url, ...settings }, files })
  t.teardown(outside.close)
  const inside = await application({ files, brokers: [{ settings, authenticate: name => (accounts[name] ?? {}) as object }] })
  t.teardown(inside.close)
  for (const { broker, path, store } of [{ broker: outside, path: '/token/video', store: 'LOGIN_URL' }, { broker: inside, path: token, store: 'authenticate' }]) {
    for (const [i, { title, gets }] of rows.entries()) t.strictSame(await got(broker.url, path, basic(`user${i}`, 'secret123')), gets, `${store}: ${title}`)
    t.strictSame(await got(broker.url, path, basic('juan', 'secret123')), inRoom('support'), `${store}: a member that the file lists`)
    t.match(broker.log(), `${store} answered groups that are not a list of at most 200 texts of 1 to 128 characters`)
    t.notMatch(broker.log(), 'policy.yaml:', 'no rule is said to be idle, and no group to be unknown')
  }
})

t.test('S10: a session carries the groups of its sign-in, where the store is not asked again', async t => {
  const state = { groups: ['support'] as string[] | undefined, version: undefined as string | undefined, now: undefined as unknown }
  const server = await loginServer((sent, response) => answer(response, sent.username === 'susan' ? 200 : 401, 'password' in sent
    ? { name: 'susan', groups: state.groups, version: state.version }
    : { groups: state.now }))
  t.teardown(server.close)
  const start = async () => {
    const broker = await startBroker({ settings: { LOGIN_URL: server.url, SESSION_TTL: '600', ...settings }, files })
    t.teardown(broker.close)
    return broker
  }
  const [broker, node] = [await start(), await start()]
  // A password that is not remembered: the endpoint is asked each time.
  let signIns = 0
  const sign = () => signedIn(broker.url, { as: basic('susan', `secret ${signIns++}`) })
  const asked = async (page: Awaited<ReturnType<typeof sign>>, url = broker.url) => {
    const { status, body } = await page.ask({}, url)
    return status === 200 ? grantOf(body.token) : body.code
  }

  const supporter = await sign()
  state.groups = ['banned']
  const banned = await sign()
  state.groups = undefined
  const guest = await sign()
  t.strictSame(await asked(supporter), { room: 'support' })
  t.equal(await asked(banned), 'not-allowed', 'a rule against a group holds for its sessions')
  t.strictSame(await asked(guest), { room: 'lobby' })

  state.version = 'v1'
  state.groups = ['support']
  const versioned = await sign()
  state.groups = undefined
  const later = await sign()
  t.strictSame(await asked(versioned, node.url), { room: 'support' }, 'what an answer to a version does not say has not changed')
  t.strictSame(await asked(later, node.url), { room: 'lobby' }, 'and each session has its own, though they are asked about once')
  for (const { now, gets } of [{ now: ['banned'], gets: 'not-allowed' }, { now: null, gets: { room: 'lobby' } }, { now: 'support', gets: 'store-unavailable' }]) {
    state.now = now
    t.strictSame(await asked(versioned, (await start()).url), gets, `the endpoint says ${JSON.stringify(now)}`)
  }
})

t.test('groups that are too long for a session are refused there, and taken with the password', async t => {
  const login = await lenientLogin(t, { susan: { name: 'susan', groups: many(200) } })
  const broker = await startBroker({ settings: { LOGIN_URL: login.url, SESSION_TTL: '600', ...settings }, files })
  t.teardown(broker.close)
  const answer = await new Page(broker.url).open({ as: basic('susan', 'secret123') })
  t.has(answer, { status: 422, body: { code: 'identity-unsuitable' } })
  t.match(answer.body.detail, /groups of this caller are too long for a session/)
  t.strictSame(await got(broker.url, '/token/video', basic('susan', 'secret123')), inRoom('lobby'))
})

t.test('in an application a session carries the groups that authenticate answered', async t => {
  const { url, close } = await application({ files, brokers: [{ settings: { ...settings, SESSION_TTL: 600 }, authenticate: () => ({ name: 'susan', groups: ['support'] }) }] })
  t.teardown(close)
  const page = await signedIn(url, { path: '/twilio/session' })
  const { body } = await page.ask({ path: token })
  t.strictSame(grantOf(body.token), { room: 'support' })
})

t.test('a column of groups in PostgreSQL', { skip: noPostgres }, async t => {
  const database = await postgres()
  t.teardown(database.close)
  await database.sql('CREATE TABLE callers (name text, password text, groups text[])')
  await database.insert('callers', ['ann', 'bob', 'eve', 'kim', 'zoe'].map(name => [name, cheap]))
  for (const [name, groups] of [['ann', '{sales,support}'], ['bob', '{banned}'], ['eve', '{}'], ['kim', '{NULL}']]) await database.sql(`UPDATE callers SET groups = '${groups}' WHERE name = '${name}'`)
  const store = { DATABASE_URL: database.url(), USERS_QUERY: 'SELECT password AS password_hash, name, groups FROM callers WHERE name = $1' }
  const start = async () => {
    const broker = await startBroker({ settings: { ...store, ...settings }, files })
    t.teardown(broker.close)
    return broker
  }
  const broker = await start()
  for (const { name, gets } of [
    { name: 'ann', gets: inRoom('support') },
    { name: 'bob', gets: refused },
    { name: 'eve', gets: inRoom('lobby') },
    { name: 'kim', gets: outage },
    { name: 'zoe', gets: inRoom('lobby') }
  ]) t.strictSame(await got(broker.url, '/token/video', basic(name, 'right')), gets, name)

  const page = await signedIn(broker.url, { as: basic('ann', 'right') })
  await database.sql('UPDATE callers SET groups = \'{banned}\' WHERE name = \'ann\'')
  const node = await start()
  t.has(await page.ask({}, node.url), { status: 403, body: { code: 'not-allowed' } }, 'a session has the groups that its caller has now')
  t.match(await page.ask(), { status: 200 }, 'a node that has just asked has a minute')

  for (const { what, column } of [{ what: 'a list in one text', column: '\'{support}\'' }, { what: 'JSON', column: '\'["support"]\'::json' }, { what: 'numbers', column: 'ARRAY[7]' }]) {
    const usersQuery = `SELECT password AS password_hash, name, ${column} AS groups FROM callers WHERE name = $1`
    const mistakes = await startBroker({ settings: { ...store, USERS_QUERY: usersQuery } }).then(() => [], (error: StartError) => error.mistakes)
    t.match(mistakes, [/^USERS_QUERY must answer groups as a text array/], `${what} is found at the start`)
  }
})
