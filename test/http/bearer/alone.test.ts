import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startBroker, susan, type BrokerOptions } from '../../helpers/broker.js'
import { ask } from '../../helpers/http.js'
import { startProvider } from '../../helpers/provider.js'

const provider = await startProvider()
t.teardown(provider.close)
const jwt = { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker' }

/** A broker in a folder without a users file. */
async function alone (t: { teardown (close: () => Promise<void>): void }, settings: Record<string, string> = {}, more: BrokerOptions = {}) {
  const broker = await startBroker({ settings: { ...jwt, ...settings }, users: null, ...more })
  t.teardown(broker.close)
  return broker
}

const challenge = 'Bearer realm="twilio-token-broker"'

t.test('with an identity provider no store is needed: then nobody has a password', async t => {
  const { url, audit } = await alone(t)
  t.has(await ask(url, { as: provider.bearer() }), { status: 200, body: { identity: 'auth0|42' } })
  for (let i = 0; i < 8; i++) t.has(await ask(url, { as: susan }), { status: 401, headers: { 'www-authenticate': challenge }, body: { code: 'credentials-wrong', detail: 'Nobody has a password for this broker. Send a token of the identity provider, as Authorization: Bearer (RFC 6750).' } }, 'no guess is counted, as none can be right')
  const line = (await audit()).at(-1)!
  t.has(line, { code: 'credentials-wrong', via: 'basic' })
  t.match(line.caller, /^hmac:/)
  const rows: Array<{ name: string, request: Parameters<typeof ask>[1], status: number, code: string }> = [
    { name: 'no credentials', request: {}, status: 401, code: 'credentials-missing' },
    {
      name: 'a password in the body',
      request: { path: '/token', body: { username: 'susan', password: 'secret123' } },
      status: 401,
      code: 'credentials-wrong'
    },
    { name: 'metrics', request: { method: 'GET', path: '/metrics' }, status: 401, code: 'credentials-missing' },
    {
      name: 'metrics by a token',
      request: { method: 'GET', path: '/metrics', as: provider.bearer() },
      status: 401,
      code: 'credentials-missing'
    },
    { name: 'a session in the place of a token', request: { as: 'Bearer ttb_x' }, status: 401, code: 'credentials-wrong' }
  ]
  for (const { name, request, status, code } of rows) t.has(await ask(url, request), { status, headers: { 'www-authenticate': challenge }, body: { code } }, name)
  for (const as of [susan, provider.bearer()]) t.has(await ask(url, { path: '/session', as }), { status: 404, body: { code: 'not-found' } })
  const { body } = await ask(url, { method: 'GET', path: '/openapi.json', as: provider.bearer() })
  t.same(Object.keys((body.components as { securitySchemes: object }).securitySchemes), ['bearer'])
})

t.test('operators may be named by their token, and by a group of it', async t => {
  const { url } = await alone(t, { OPERATORS: 'jwt:olga,jwt-group:operators', JWT_GROUPS: '/app/groups' })
  const read = async (claims: object) => (await ask(url, { method: 'GET', path: '/operator.json', as: provider.bearer({ claims }) })).status
  t.equal(await read({ sub: 'olga' }), 200)
  t.equal(await read({ sub: 'susan', app: { groups: ['staff', 'operators'] } }), 200)
  t.equal(await read({ sub: 'susan', app: { groups: ['olga', 'jwt:olga'] } }), 403)
  t.equal(await read({ sub: 'susan', groups: ['operators'] }), 403, 'another claim')
  t.equal(await read({ sub: 'OLGA' }), 403, 'names are compared exactly')
})

t.test('a users file that is named, or is there, is the store', async t => {
  await t.rejects(startBroker({ settings: { ...jwt, USERS_FILE: 'none.htpasswd' } }), { message: /none\.htpasswd/ })
  await t.rejects(startBroker({ settings: { ...jwt, OPERATORS: 'susan,jwt:olga' } }), { message: /^OPERATORS: entry 2 is only allowed without a store of callers: name callers of users\.htpasswd instead, or remove that file$/ })
  const { url } = await alone(t, {}, { users: { susan: 'secret123' } })
  t.match(await ask(url, { as: susan }), { status: 200 })
  t.has(await ask(url), { headers: { 'www-authenticate': `Basic realm="twilio-token-broker", charset="UTF-8", DPoP algs="ES256", ${challenge}` } })
})

t.test('O15: a reload cannot take away the only way in', async t => {
  const { url, write, reload, log } = await alone(t, { JWT_ISSUER: '', JWT_AUDIENCE: '' }, { files: { '.env': `JWT_ISSUER=${provider.issuer}\nJWT_AUDIENCE=broker\n` } })
  await write('.env', '')
  await reload()
  t.match(await ask(url, { as: provider.bearer() }), { status: 200 })
  t.match(log(), /settings not taken, the old ones stay: JWT_ISSUER is missing: this broker was started without a store of callers/)
})

t.test('bearer tokens can be turned on, changed and off by a reload', async t => {
  const broker = await startBroker({ files: { '.env': '' } })
  t.teardown(broker.close)
  const other = await startProvider()
  t.teardown(other.close)
  const { url, write, reload, log } = broker
  const reloaded = async (env: Record<string, string>) => {
    await write('.env', Object.entries(env).map(entry => entry.join('=')).join('\n'))
    await reload()
  }
  const statuses = async () => Promise.all([provider, other].map(async issuer => (await ask(url, { as: issuer.bearer() })).status))
  t.has(await ask(url, { as: provider.bearer() }), { body: { code: 'credentials-missing' } })
  await reloaded(jwt)
  t.same(await statuses(), [200, 401])
  await reloaded({ ...jwt, JWT_AUDIENCE: 'another' })
  t.same(await statuses(), [401, 401])
  await reloaded({ ...jwt, JWT_ISSUER: other.issuer })
  t.same(await statuses(), [401, 200])
  await reloaded({ ...jwt, TOKEN_TTL: '1' })
  t.same(await statuses(), [401, 200], 'nor are keys taken beside another mistake')
  provider.document = () => ({ ...provider.claims(), issuer: 'https://other.example', jwks_uri: 'https://other.example/jwks' })
  await reloaded(jwt)
  t.same(await statuses(), [401, 200], 'what is wrong leaves things as they were')
  t.match(log(), /settings not taken, the old ones stay: JWT_ISSUER: the discovery document names another issuer/)
  await reloaded({ TOKEN_TTL: '1', JWT_ISSUER: other.issuer })
  t.same(await statuses(), [401, 200])
  await reloaded({})
  t.has(await ask(url, { as: other.bearer() }), { body: { code: 'credentials-missing' } })
  await rm(join(broker.folder, '.env'))
})
