import t from 'tap'
import { basic, startBroker, susan } from '../../helpers/broker.js'
import { application, token } from '../../helpers/embedded.js'
import { ask, type Ask } from '../../helpers/http.js'
import { signedIn } from '../../helpers/page.js'
import { startProvider } from '../../helpers/provider.js'

const provider = await startProvider()
t.teardown(provider.close)
const jwt = { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', POLICY_FILE: 'policy.yaml' }
const bearer = (sub: string, more: object = {}) => provider.bearer({ claims: { sub, ...more } })
const got = (identity: string) => ({ status: 200, body: { identity } })
const taken = { status: 403, headers: { 'www-authenticate': undefined }, body: { code: 'not-allowed', errors: [{ path: '/identity', message: 'one that another caller of this broker has' }] } }

const policy = `rules:
  - { who: [backend, "jwt:backend"], allow: { video: {} }, identities: ["guest-*", susan] }
  - { who: ["*", "jwt:*"], allow: { video: {} } }
`
const files = { 'policy.yaml': policy }
const users = { susan: 'secret123', backend: 'secret123' }

t.test('S6: a caller with a bearer token never gets the identity of another caller: who wins', async t => {
  const broker = await startBroker({ settings: jwt, files, users })
  t.teardown(broker.close)
  const backend = (identity: string): Ask => ({ as: basic('backend', 'secret123'), body: { identity } })
  // One after the other, on one broker.
  const rows: Array<{ title: string, request: Ask, gets: object }> = [
    { title: 'a name of the users file, before its caller has asked', request: { as: bearer('susan') }, gets: taken },
    { title: 'its caller', request: { as: susan }, gets: got('susan') },
    { title: 'another case of it is another identity', request: { as: bearer('Susan') }, gets: got('Susan') },
    { title: 'a name of the users file that the policy lets it name', request: { as: bearer('backend'), body: { identity: 'susan' } }, gets: taken },
    { title: 'one that nobody has', request: { as: bearer('guest-1') }, gets: got('guest-1') },
    { title: 'again by the same caller, with another token', request: { as: bearer('guest-1', { jti: '2' }) }, gets: got('guest-1') },
    { title: 'a backend with a password has precedence', request: backend('guest-1'), gets: got('guest-1') },
    { title: 'and from then on the caller has it no more', request: { as: bearer('guest-1') }, gets: taken },
    { title: 'also for several products', request: { as: bearer('guest-1'), path: '/token' }, gets: taken },
    { title: 'one that a backend had before', request: backend('guest-2'), gets: got('guest-2') },
    { title: 'is not for a caller of that name', request: { as: bearer('guest-2') }, gets: taken },
    { title: 'nor for a backend with a bearer token', request: { as: bearer('backend'), body: { identity: 'guest-2' } }, gets: taken },
    { title: 'which may name one that nobody has', request: { as: bearer('backend'), body: { identity: 'guest-3' } }, gets: got('guest-3') },
    { title: 'and is not refused it as its own', request: { as: bearer('guest-3') }, gets: taken },
    { title: 'what was refused is nobody\'s: a room that is none', request: { ...backend('guest-4'), body: { identity: 'guest-4', room: 'x'.repeat(129) } }, gets: { status: 400 } },
    { title: 'so it is free', request: { as: bearer('guest-4') }, gets: got('guest-4') }
  ]
  for (const { title, request, gets } of rows) t.has(await ask(broker.url, request), gets, title)
  t.has((await broker.audit()).filter(({ code }) => code === 'not-allowed')[0], { event: 'token.refused', caller: 'jwt:susan', via: 'bearer' })
})

t.test('an identity that a caller had before a reload turned bearer tokens on is that caller\'s', async t => {
  const broker = await startBroker({ settings: { POLICY_FILE: 'policy.yaml' }, files: { ...files, '.env': '' }, users })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: basic('backend', 'secret123'), body: { identity: 'guest-1' } }), got('guest-1'))
  await broker.write('.env', Object.entries(jwt).map(entry => entry.join('=')).join('\n'))
  await broker.reload()
  t.has(await ask(broker.url, { as: bearer('guest-1') }), taken)
  t.has(await ask(broker.url, { as: bearer('guest-2') }), got('guest-2'))
})

t.test('S7: of 20 callers who ask for one identity in the same moment, one gets it', async t => {
  const broker = await startBroker({ settings: { ...jwt, JWT_NAME: 'jti', JWT_IDENTITY: 'sub' }, files })
  t.teardown(broker.close)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(broker.url, { as: bearer('shared', { jti: `caller ${i}` }) })))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ status, body }) => status === 403 && body.code === 'not-allowed').length, 19)
})

t.test('escaped identities are told apart as they are, and a caller with a session is a caller, too', async t => {
  const broker = await startBroker({ settings: { ...jwt, IDENTITY_FORM: 'escaped', JWT_NAME: 'jti', JWT_IDENTITY: 'idp {sub}' }, files, users: { 'idp susan': 'secret123', kim: 'secret123' } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: bearer('susan', { jti: 'a' }) }), taken)
  t.has(await ask(broker.url, { as: bearer('kim', { jti: 'b' }) }), got('idp_20kim'))
  const page = await signedIn(broker.url, { as: basic('kim', 'secret123') })
  t.has(await page.ask(), got('kim'))
})

t.test('a store that cannot be listed needs a prefix, and its callers come first there, too', async t => {
  const authenticate = (name: string) => ({ name, identity: name === 'thief' ? 'idp_susan' : name })
  const { url, close } = await application({ files, brokers: [{ authenticate, settings: { ...jwt, JWT_IDENTITY: 'idp_{sub}' } }] })
  t.teardown(close)
  t.has(await ask(url, { path: token, as: bearer('susan') }), got('idp_susan'))
  t.has(await ask(url, { path: token, as: basic('thief', 'x') }), got('idp_susan'))
  t.has(await ask(url, { path: token, as: bearer('susan') }), taken)
  await t.rejects(application({ files, brokers: [{ authenticate, settings: jwt }] }), /JWT_IDENTITY must begin with a fixed text/)
})

t.test('S8: an old policy gives a caller with a bearer token nothing; without a policy, everything, which is warned of', async t => {
  const old = await startBroker({ settings: jwt, files: { 'policy.yaml': 'rules: [{ who: ["*"], allow: { video: {}, sync: {} } }]' } })
  t.teardown(old.close)
  for (const path of ['/token/video', '/token/sync', '/token']) t.has(await ask(old.url, { path, as: bearer('kim') }), { status: 403, body: { code: 'not-allowed' } }, path)
  t.has(await ask(old.url, { as: susan }), got('susan'))
  t.notMatch(old.log(), /JWT_ISSUER is set without POLICY_FILE/)

  const { POLICY_FILE: _, ...settings } = jwt
  const open = await startBroker({ settings })
  t.teardown(open.close)
  t.has(await ask(open.url, { as: bearer('kim') }), got('kim'))
  t.match(open.log(), /JWT_ISSUER is set without POLICY_FILE: everybody whom the identity provider gives a token/)
})

t.test('groups of the identity provider, and none of anybody else', async t => {
  const grouped = `groups: { staff: ["jwt:ann", eve] }
rules:
  - { who: ["jwt-group:support"], allow: { video: { rooms: [support] } } }
  - { who: ["group:staff"], allow: { video: { rooms: ["{caller}"] } } }
`
  const broker = await startBroker({ settings: { ...jwt, JWT_GROUPS: 'groups' }, files: { 'policy.yaml': grouped } })
  t.teardown(broker.close)
  const roomOf = async (as: string) => {
    const { status, body } = await ask(broker.url, { as })
    return status === 200 ? JSON.parse(Buffer.from(body.token.split('.')[1]!, 'base64url').toString()).grants.video.room : body.code
  }
  for (const { sub, groups, room } of [
    { sub: 'kim', groups: ['sales', 'support'], room: 'support' },
    { sub: 'kim', groups: ['staff'], room: 'not-allowed' },
    { sub: 'ann', groups: [], room: 'jwt:ann' },
    { sub: 'eve', groups: undefined, room: 'not-allowed' },
    { sub: 'eve', groups: 'support', room: 'bearer-misdirected' }
  ]) t.equal(await roomOf(bearer(sub, { groups })), room, `${sub} ${JSON.stringify(groups)}`)
})
