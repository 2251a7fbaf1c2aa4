import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { checkCommand } from '../../src/cli/check/command.js'
import { askProvider } from '../../src/cli/check/online.js'
import type { Settings } from '../../src/settings/schema.js'
import { twilioRest } from '../fakes/rest-api.js'
import { complete } from '../helpers/broker.js'
import { inProcess } from '../helpers/in-process.js'
import { json, newEcKey, newRsaKey, startProvider, type Provider } from '../helpers/provider.js'

const rsa = newRsaKey('rsa-1')
const rest = await twilioRest()
t.teardown(() => rest.close())

/** A folder without a users file, and the settings of a provider. */
async function world (t: Test) {
  const provider = await startProvider({ rsa })
  t.teardown(() => provider.close().catch(() => {}))
  const cwd = t.testdir({ 'keys.json': JSON.stringify({ keys: [rsa.jwk] }) })
  const settings = { ...complete, AUDIT_LOG: 'stdout', POLICY_FILE: '', JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', METRICS_PORT: '0' }
  const check = async (more: Record<string, string> = {}, ...args: string[]) => {
    const { code, out } = await inProcess(['check', '--json', ...args], { env: { ...settings, ...more }, cwd })
    return { code, ...JSON.parse(out) as { right: boolean, mistakes: string[], warnings: string[], sessionKeyId?: string } }
  }
  return { provider, cwd, settings, check }
}

t.test('check fetches the keys as a start does, and needs no users file beside them', async t => {
  const { provider, check } = await world(t)
  t.match(await check(), { code: 0, right: true, sessionKeyId: undefined, warnings: [/^POLICY_FILE is not set/, /^JWT_ISSUER is set without POLICY_FILE: everybody whom/] })
  t.same(provider.requests, ['/.well-known/openid-configuration', '/jwks'])
  t.match(await check({}, '--offline'), { code: 0 })
  t.equal(provider.requests.length, 2, 'nobody is asked')
  t.match(await check({ METRICS_PORT: '', SESSION_TTL: '600' }), { warnings: [/POLICY/, /JWT/, /^METRICS_PORT is not set: without a store of callers nobody can sign in to \/metrics$/, /^SESSION_TTL is set without a store/] })
  t.match(await check({ USERS_FILE: 'users' }), { code: 78, mistakes: [/users/] }, 'unless one is named')
  provider.document = () => ({ issuer: 'https://other.example' })
  t.match(await check(), { code: 78, mistakes: [/^JWT_ISSUER: the discovery document names another issuer/] })
  t.match(await check({ JWT_KEYS: 'keys.json' }), { code: 0 })
  t.match(await check({ JWT_KEYS: 'keys.json' }, '--offline'), { code: 0 })
  for (const args of [[], ['--offline']]) t.match(await check({ JWT_KEYS: 'none.json' }, ...args), { code: 78, mistakes: [/^JWT_ISSUER: the file that JWT_KEYS names cannot be read \(ENOENT\)/] })
})

t.test('a provider that does not answer is a warning and exit code 69, as a start goes on', async t => {
  const { provider, check } = await world(t)
  provider.jwks = response => json(response, {}, 503)
  t.match(await check(), { code: 69, right: true, warnings: [/./, /./, /^JWT_ISSUER: its keys cannot be read, and until they can be, bearer tokens are refused: the key set was answered with status 503$/] })
  provider.jwks = () => {}
  t.match(await check(), { code: 69, warnings: [/./, /./, /they were not received in time$/] })
})

interface Row {
  name: string
  settings?: Partial<Settings>
  spoil?: (provider: Provider) => void
  outcomes: object[]
}

const rows: Row[] = [
  {
    name: 'all right',
    outcomes: [{ about: 'JWT_ISSUER', answer: 'yes', says: /names it/ }, { about: 'JWT_ISSUER', answer: 'yes', says: /^1 of its keys can sign/ }]
  },
  { name: 'a key set', settings: { JWT_KEYS: 'jwks' }, outcomes: [{ about: 'JWT_KEYS', answer: 'yes' }] },
  {
    name: 'a document that does not say how tokens are signed',
    spoil: provider => { provider.document = () => ({ issuer: provider.issuer, jwks_uri: `${provider.issuer}jwks` }) },
    outcomes: [{ answer: 'yes' }, { answer: 'yes' }]
  },
  {
    name: 'no document',
    spoil: provider => { provider.discovery = response => json(response, {}, 404) },
    outcomes: [{ about: 'JWT_ISSUER', answer: 'no', says: /the discovery document was answered with status 404$/ }]
  },
  {
    name: 'a document of another issuer',
    spoil: provider => { provider.document = () => ({ issuer: 'x' }) },
    outcomes: [{ answer: 'no', says: /names another issuer/ }]
  },
  {
    name: 'an outage',
    spoil: provider => { provider.discovery = response => json(response, {}, 500) },
    outcomes: [{ answer: 'unknown', says: /status 500/ }]
  },
  {
    name: 'nobody there',
    spoil: provider => { provider.close().catch(() => {}) },
    outcomes: [{ answer: 'unknown', says: /cannot be fetched \(ECONNREFUSED\)/ }]
  },
  {
    name: 'tokens signed otherwise',
    settings: { JWT_ALGORITHMS: 'ES256' },
    spoil: provider => { const { document } = provider; provider.document = () => ({ ...document(), id_token_signing_alg_values_supported: ['RS256', '\u001b[31m', 1] }) },
    outcomes: [{ answer: 'no', says: /^the provider signs ID tokens by RS256, 1, and JWT_ALGORITHMS takes ES256$/ }]
  },
  {
    name: 'no key of the algorithm',
    settings: { JWT_KEYS: 'jwks', JWT_ALGORITHMS: 'PS256,ES384,Ed25519' },
    spoil: provider => { provider.keys = [rsa.jwk, newEcKey('ec').jwk] },
    outcomes: [{ answer: 'no', says: /^none of its 2 keys is for PS256 or ES384 or Ed25519; set JWT_ALGORITHMS$/ }]
  },
  {
    name: 'a secret instead of keys',
    settings: { JWT_KEYS: 'jwks' },
    spoil: provider => { provider.keys = [{ kty: 'oct', k: 'AAAA' }] },
    outcomes: [{ answer: 'no', says: /holds no public key/ }]
  }
]

for (const { name, settings = {}, spoil, outcomes } of rows) {
  t.test(`check --online says in words what the provider publishes: ${name}`, async t => {
    const { provider, cwd } = await world(t)
    spoil?.(provider)
    const { JWT_KEYS: keys } = settings
    const found = await askProvider({ JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', ...settings, ...(keys && { JWT_KEYS: provider.issuer + keys }) } as Settings, cwd)
    t.match(found, outcomes)
    t.equal(found.length, outcomes.length)
  })
}

t.test('check --online asks the provider beside Twilio, and nobody where there is none', async t => {
  const { settings, cwd } = await world(t)
  const stdout = new PassThrough()
  await checkCommand({ env: settings, cwd, stdin: new PassThrough(), stdout, stderr: new PassThrough() }, () => {}, rest.network).parseAsync(['--online'], { from: 'user' })
  t.match(String(stdout.read()), /^yes {6}JWT_ISSUER: its discovery document names it, and where its keys are$/m)
  t.same(await askProvider({} as Settings, cwd), [])
})
