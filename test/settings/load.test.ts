import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { nearMiss } from '../../src/lib/did-you-mean.js'
import { readSettings } from '../helpers/settings.js'
import { schema } from '../../src/settings/schema.js'
import { sessionSecrets, sessionTtl } from '../../src/settings/sessions.js'
import { mustBeSchema } from '../../src/lib/ajv.js'
import { complete, secrets } from '../helpers/broker.js'

const { TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET } = complete
const required = { TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET }
const names = ({ products }: Awaited<ReturnType<typeof readSettings>>) => products.map(({ product }) => product.name)

interface Row {
  name: string
  settings: Record<string, string>
  mistakes: RegExp[]
}

const mistaken: Row[] = [
  {
    name: 'nothing set',
    settings: { TWILIO_ACCOUNT_SID: '', TWILIO_API_KEY_SID: '', TWILIO_API_KEY_SECRET: '' },
    mistakes: [
      /^TWILIO_ACCOUNT_SID is missing; it must be AC and 32/,
      /^TWILIO_API_KEY_SID is missing/,
      /^TWILIO_API_KEY_SECRET is missing/
    ]
  },
  {
    name: 'a variable that is nearly a setting',
    settings: { TWILIO_API_KEY_SID: '', TWILIO_API_KEY: TWILIO_API_KEY_SID! },
    mistakes: [/^TWILIO_API_KEY_SID is missing: TWILIO_API_KEY is not a setting; did you mean TWILIO_API_KEY_SID\?$/]
  },
  {
    name: 'the names of Twilio\'s samples',
    settings: { TWILIO_API_KEY_SID: '', TWILIO_API_KEY_SECRET: '', TWILIO_API_KEY: TWILIO_API_KEY_SID!, TWILIO_API_SECRET: TWILIO_API_KEY_SECRET! },
    mistakes: [
      /^TWILIO_API_KEY_SID is missing: TWILIO_API_KEY is not a setting; did you mean TWILIO_API_KEY_SID\?$/,
      /^TWILIO_API_KEY_SECRET is missing: TWILIO_API_SECRET is not a setting; did you mean TWILIO_API_KEY_SECRET\?$/
    ]
  },
  {
    name: 'two that are nearly one setting',
    settings: { TWILIO_ACCOUNT_SID: '', ACCOUNT_SID: TWILIO_ACCOUNT_SID!, twilio_account_sid: TWILIO_ACCOUNT_SID! },
    mistakes: [
      /^TWILIO_ACCOUNT_SID is missing: ACCOUNT_SID is not a setting; did you mean TWILIO_ACCOUNT_SID\?$/,
      /^twilio_account_sid is not a setting; did you mean TWILIO_ACCOUNT_SID\?$/
    ]
  },
  {
    name: 'a file\'s setting mistyped',
    settings: { TWILIO_API_KEY_SECRET: '', TWILIO_API_KEY_SECRET_FIL: '/run/secrets/x' },
    mistakes: [/^TWILIO_API_KEY_SECRET is missing: TWILIO_API_KEY_SECRET_FIL is not a setting; did you mean TWILIO_API_KEY_SECRET_FILE\?$/]
  },
  {
    name: 'a product\'s own setting mistyped',
    settings: { PRODUCTS: 'chat', TWILIO_CHAT_SERVICE_SID: '', TWILIO_CHAT_SERVICE: complete.TWILIO_CHAT_SERVICE_SID! },
    mistakes: [
      /^TWILIO_CHAT_SERVICE_SID is missing: PRODUCTS names chat/,
      /^TWILIO_CHAT_SERVICE is not a setting; did you mean TWILIO_CHAT_SERVICE_SID\?$/
    ]
  },
  {
    name: 'a query mistyped',
    settings: { DATABASE_URL: 'postgres:///app', USER_QUERY: 'SELECT $1' },
    mistakes: [/^USERS_QUERY is missing/, /^USER_QUERY is not a setting; did you mean USERS_QUERY\?$/]
  },
  {
    name: 'numbers that are none',
    settings: { PORT: ' ', TOKEN_TTL: '0x1000', TOKEN_TTL_MAX: '4e3', SHUTDOWN_DELAY: ' ', RATE_LIMIT_MAX: '10.0' },
    mistakes: [/^PORT must be/, /^TOKEN_TTL must be/, /^TOKEN_TTL_MAX must be/, /^SHUTDOWN_DELAY must be/, /^RATE_LIMIT_MAX must be/]
  },
  {
    name: 'SIDs swapped',
    settings: { TWILIO_ACCOUNT_SID: secrets.keySid, TWILIO_API_KEY_SID: secrets.accountSid },
    mistakes: [/^TWILIO_ACCOUNT_SID must be AC .*an API key SID \(SK…\)$/, /^TWILIO_API_KEY_SID must be SK .*an account SID \(AC…\)$/]
  },
  ...[secrets.keySid, secrets.keySid.replace('SK', 'VA')].map((sid): Row => ({
    name: 'a SID as the secret',
    settings: { TWILIO_API_KEY_SECRET: sid },
    mistakes: [/^TWILIO_API_KEY_SECRET is a placeholder or a SID/]
  })),
  ...['"abc123"', 'abc 123', '\'abc\'', ' abc'].map((secret): Row => ({
    name: `the secret ${secret}`,
    settings: { TWILIO_API_KEY_SECRET: secret },
    mistakes: [/^TWILIO_API_KEY_SECRET must be .*without blanks or quotes$/]
  })),
  ...['your_api_key_secret', 'xxxxxxxx', 'SKxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'xxxx-xxxx', '<secret>', 'changeme', 'your-secret-here', 'secret', '${SECRET}'].map((secret): Row => ({ // eslint-disable-line no-template-curly-in-string
    name: `the placeholder ${secret}`,
    settings: { TWILIO_API_KEY_SECRET: secret },
    mistakes: [/^TWILIO_API_KEY_SECRET is a placeholder/]
  })),
  {
    name: 'many at once',
    settings: { PORT: 'abc', HOST: '0.0.0.0', TOKEN_TTL: '5', CORS_ORIGINS: '*,https://a.example', PRODUCTS: 'voice,vido,chat', TWILIO_CHAT_SERVICE_SID: '' },
    mistakes: [
      /^PRODUCTS: entry 2 is no product; did you mean video\?$/,
      /^TOKEN_TTL must be a whole number of seconds, 180 to 86400$/,
      /^PORT must be/,
      /^CORS_ORIGINS: entry 1 /,
      /^HOST is not a loopback address/,
      /^TWILIO_CHAT_SERVICE_SID is missing: PRODUCTS names chat/
    ]
  },
  {
    name: 'a product that nothing is like',
    settings: { PRODUCTS: 'fax' },
    mistakes: [/^PRODUCTS: entry 1 is no product; there are chat, conversations, sync, video, voice$/]
  },
  { name: 'a product twice', settings: { PRODUCTS: 'video,video' }, mistakes: [/^PRODUCTS: entry 2 is a second product called video/] },
  {
    name: 'a plugin that is not there',
    settings: { PRODUCTS: './missing.js' },
    mistakes: [/^PRODUCTS: the plugin \.\/missing\.js cannot be loaded: /]
  },
  {
    name: 'a package that is not there',
    settings: { PRODUCTS: '@example/missing' },
    mistakes: [/^PRODUCTS: the plugin @example\/missing cannot be loaded: /]
  },
  {
    name: 'a product setting of the wrong form',
    settings: { TWILIO_TWIML_APP_SID: 'AP1' },
    mistakes: [/^TWILIO_TWIML_APP_SID must be AP and 32/]
  },
  {
    name: 'video outside us1',
    settings: { TWILIO_REGION: 'ie1', PRODUCTS: 'video' },
    mistakes: [/^TWILIO_REGION: Twilio does not serve video in this region/]
  },
  {
    name: 'chat in au1',
    settings: { TWILIO_REGION: 'au1', PRODUCTS: 'chat,conversations' },
    mistakes: [/serve chat/, /serve conversations/]
  },
  { name: 'an unknown region', settings: { TWILIO_REGION: 'us2' }, mistakes: [/^TWILIO_REGION must be us1, ie1 or au1$/] },
  { name: 'a longest ttl below the usual', settings: { TOKEN_TTL_MAX: '600' }, mistakes: [/^TOKEN_TTL_MAX is below TOKEN_TTL/] },
  ...['1', 'true', 'TRUE'].map((value): Row => ({
    name: `TRUST_PROXY=${value}`,
    settings: { TRUST_PROXY: value },
    mistakes: [/^TRUST_PROXY must list .*anybody could claim any address/]
  })),
  {
    name: 'proxies that are no addresses',
    settings: { TRUST_PROXY: '10.0.0.0/8, loopback, 10.0.0.1/33, 1.2.3.4/8/9, fd00::/8, ::1/129, ::1/x' },
    mistakes: [2, 3, 4, 6, 7].map(entry => new RegExp(`^TRUST_PROXY: entry ${entry} `))
  },
  {
    name: 'proxies that are everybody',
    settings: { TRUST_PROXY: '0.0.0.0/0, ::/0, 10.0.0.0/00, 10.0.0.0/8' },
    mistakes: [1, 2, 3].map(entry => new RegExp(`^TRUST_PROXY: entry ${entry} contains every address: anybody could claim`))
  },
  ...['null', 'https://*.example.com', 'https://a.example/', 'https://a.example:443', 'HTTPS://a.example', 'a.example', 'https://u@a.example', 'https://']
    .map((origin): Row => ({
      name: `the origin ${origin}`,
      settings: { CORS_ORIGINS: origin },
      mistakes: [/^CORS_ORIGINS: entry 1 must be one exact origin/]
    })),
  {
    name: 'URLs of the wrong kind',
    settings: { PUBLIC_URL: 'ftp://a', LOGIN_URL: 'a', REDIS_URL: 'http://a' },
    mistakes: [/^PUBLIC_URL must/, /^LOGIN_URL must/, /^REDIS_URL must/]
  },
  ...['https://a.example,https://b.example', 'https://user@a.example', 'https://*', 'https://a.example/?x=1', 'https:a.example'].map((url): Row =>
    ({ name: `PUBLIC_URL=${url}`, settings: { PUBLIC_URL: url }, mistakes: [/^PUBLIC_URL must be one http/] })),
  {
    name: 'passwords that are not encoded',
    settings: { LOGIN_URL: 'https://u:50%off@a.example', REDIS_URL: 'redis://%@a.example' },
    mistakes: [/^LOGIN_URL must be .* percent-encoded$/, /^REDIS_URL must be .* percent-encoded$/]
  },
  ...['postgres://u:p@a.example:port/app', 'postgres://u:p@a.example:99999/app', 'postgres://u:a/b@a.example/app'].map((url): Row => ({
    name: `DATABASE_URL=${url}`,
    settings: { DATABASE_URL: url, USERS_QUERY: 'SELECT $1' },
    mistakes: [/^DATABASE_URL must be .* percent-encoded$/]
  })),
  {
    name: 'a database without its query',
    settings: { DATABASE_URL: 'mysql://a' },
    mistakes: [/^DATABASE_URL must/, /^USERS_QUERY is missing/]
  },
  {
    name: 'a query without its database',
    settings: { USERS_QUERY: 'SELECT 1' },
    mistakes: [/^USERS_QUERY goes with/, /^USERS_QUERY must take/]
  },
  {
    name: 'two stores',
    settings: { LOGIN_URL: 'http://localhost/login', USERS_FILE: 'users' },
    mistakes: [/^LOGIN_URL and USERS_FILE each name a store/]
  },
  ...['1', '299', '604801', '-1', '1h', '300.5'].map((ttl): Row => ({
    name: `SESSION_TTL=${ttl}`,
    settings: { SESSION_TTL: ttl },
    mistakes: [/^SESSION_TTL must be a whole number of seconds, 300 to 604800, or 0 for no sessions$/]
  })),
  ...['short', 'x'.repeat(31), `${'x'.repeat(32)} short`, Array(4).fill('x'.repeat(32)).join(' '), ' '].map((secret): Row => ({
    name: `SESSION_SECRET=${secret}`,
    settings: { SESSION_SECRET: secret },
    mistakes: [/^SESSION_SECRET must be one to three secrets of at least 32 characters each, separated by blanks/]
  })),
  {
    name: 'a secret of sessions twice',
    settings: { SESSION_SECRET: 'x'.repeat(32), SESSION_SECRET_FILE: 'secret' },
    mistakes: [/^SESSION_SECRET and SESSION_SECRET_FILE are both set/]
  },
  { name: 'half of TLS', settings: { TLS_CERT_FILE: 'a' }, mistakes: [/^TLS_KEY_FILE is missing/] },
  { name: 'the other half of TLS', settings: { TLS_KEY_FILE: 'a' }, mistakes: [/^TLS_CERT_FILE is missing/] },
  {
    name: 'a secret twice',
    settings: { TWILIO_API_KEY_SECRET_FILE: 'secret' },
    mistakes: [/^TWILIO_API_KEY_SECRET and TWILIO_API_KEY_SECRET_FILE are both set/]
  },
  {
    name: 'a secret\'s file that is not there',
    settings: { TWILIO_API_KEY_SECRET: '', TWILIO_API_KEY_SECRET_FILE: 'missing' },
    mistakes: [/^TWILIO_API_KEY_SECRET_FILE names a file that cannot be read/]
  }
]

t.test('every mistake is told at once, by name and rule, never by value', async t => {
  for (const { name, settings, mistakes } of mistaken) {
    const read = await readSettings({ ...complete, ...settings }, t.testdir({ secret: 'abc' }))
    const found = read.mistakes.filter(mistake => !/not supported by this version/.test(mistake))
    t.equal(found.length, mistakes.length, `${name}: ${found.join(' | ')}`)
    for (const mistake of mistakes) t.ok(found.some(line => mistake.test(line)), `${name}: ${mistake}`)
    for (const value of Object.values(settings).filter(value => value.length > 8 && !value.startsWith('./') && !value.startsWith('@'))) {
      t.notOk(found.some(line => line.includes(value)), `${name}: no value`)
    }
  }
})

t.test('the three secrets are enough', async t => {
  const read = await readSettings({ ...required, HOSTNAME: 'web-1', PATH: '/bin', HOME: '/', HOSTS: 'x' }, t.testdir())
  t.strictSame(read.mistakes, [])
  t.strictSame(read.warnings, ['HOSTS is not a setting; did you mean HOST?'])
  const { warnings } = await readSettings({ ...complete, TWILIO_ACCOUNT_SIDS: TWILIO_ACCOUNT_SID! }, t.testdir())
  t.strictSame(warnings, ['TWILIO_ACCOUNT_SIDS is not a setting; did you mean TWILIO_ACCOUNT_SID?'], 'also where that is set')
  t.strictSame(names(read), ['sync', 'video', 'voice'])
  t.has(read.settings, { TOKEN_TTL: 3600, HOST: '127.0.0.1', PORT: 3000, RATE_LIMIT_MAX: 120, LOGIN_FAILURES_MAX: 5 })
})

t.test('.env stands below the environment, empty values count as unset, and secrets come from files', async t => {
  const folder = t.testdir({
    '.env': `\uFEFF# ours\nTWILIO_ACCOUNT_SID=${secrets.accountSid}\nTWILIO_API_KEY_SID=\nPORT=4000\nTOKEN_TTL="600"\n`,
    secret: `${secrets.keySecret}\r\n`
  })
  const read = await readSettings({ TWILIO_API_KEY_SID: secrets.keySid, TWILIO_API_KEY_SECRET_FILE: 'secret', PORT: '5000' }, folder)
  t.strictSame(read.mistakes, [])
  t.has(read.settings, { TWILIO_API_KEY_SECRET: secrets.keySecret, PORT: 5000, TOKEN_TTL: 600 })
})

t.test('a .env that cannot be read is a mistake', async t => {
  const folder = await mkdtemp(join(t.testdir(), 'x'))
  await mkdir(join(folder, '.env'))
  t.strictSame((await readSettings(complete, folder)).mistakes, ['.env cannot be read; check that it is a file that this user may read'])
})

t.test('a .env that is not UTF-8 is a mistake, and not a file without settings', async t => {
  const folder = t.testdir()
  const policy = 'POLICY_FILE=policy.yaml\n'
  for (const bytes of [Buffer.from(`\uFEFF${policy}`, 'utf16le'), Buffer.from(policy, 'utf16le'), Buffer.from(`${policy}# caf\xe9\n`, 'latin1')]) {
    await writeFile(join(folder, '.env'), bytes)
    t.strictSame((await readSettings(complete, folder)).mistakes, ['.env is not UTF-8; save it as UTF-8'])
  }
})

t.test('a product that Twilio does not serve in the region is off', async t => {
  t.strictSame(names(await readSettings({ ...complete, TWILIO_REGION: 'ie1' }, t.testdir())), ['chat', 'conversations', 'sync', 'voice'])
  t.strictSame(names(await readSettings({ ...complete, TWILIO_REGION: 'au1' }, t.testdir())), ['sync', 'voice'])
  t.strictSame(names(await readSettings({ ...complete, PRODUCTS: 'voice' }, t.testdir())), ['voice'])
})

t.test('passwords that would go to a login unencrypted are warned of', async t => {
  const warnings = async (LOGIN_URL: string) => (await readSettings({ ...complete, LOGIN_URL }, t.testdir())).warnings
  t.match(await warnings('http://app.example.com/login'), [/^LOGIN_URL is http: to another machine/])
  for (const url of ['https://app.example.com/login', 'http://localhost:8080/login', 'http://[::1]/login']) t.strictSame(await warnings(url), [], url)
})

t.test('a login that ends no session at a changed password is warned of, where it has sessions', async t => {
  const warnings = async (settings: Record<string, string>) => (await readSettings({ ...complete, ...settings }, t.testdir())).warnings
  const LOGIN_URL = 'https://app.example.com/login'
  t.match(await warnings({ LOGIN_URL, SESSION_TTL: '300' }), [/^SESSION_TTL is set with LOGIN_URL: a changed password ends no session there/])
  for (const settings of [{ LOGIN_URL }, { LOGIN_URL, SESSION_TTL: '0' }, { SESSION_TTL: '604800' }]) t.strictSame(await warnings(settings as Record<string, string>), [], JSON.stringify(settings))
})

t.test('sessions have a life and secrets, by default where a changed password is seen', async t => {
  const read = async (settings: Record<string, string>) => (await readSettings({ ...complete, ...settings }, t.testdir({ secret: `${'b'.repeat(32)}\n` }))).settings
  t.equal(sessionTtl(await read({}), true), 43_200)
  t.equal(sessionTtl(await read({}), false), 0)
  t.equal(sessionTtl(await read({ SESSION_TTL: '0' }), true), 0)
  t.equal(sessionTtl(await read({ SESSION_TTL: '600' }), false), 600)
  t.strictSame(sessionSecrets(await read({})), [secrets.keySecret])
  t.strictSame(sessionSecrets(await read({ SESSION_SECRET: ` ${'a'.repeat(32)}  ${'b'.repeat(40)}\t${'c'.repeat(32)} ` })), ['a'.repeat(32), 'b'.repeat(40), 'c'.repeat(32)])
  t.strictSame(sessionSecrets(await read({ SESSION_SECRET_FILE: 'secret' })), ['b'.repeat(32)])
})

t.test('URLs of every kind that their clients take are taken', async t => {
  const USERS_QUERY = 'SELECT $1'
  for (const settings of [
    ...['postgres://u:p%40@db.example:5432/app', 'postgresql:///app?host=/run/postgresql', 'postgres://u:p@/app', 'postgres://u@%2Frun%2Fpostgresql/app']
      .map(DATABASE_URL => ({ DATABASE_URL, USERS_QUERY })),
    { REDIS_URL: 'redis://:p%25@r.example' }, { LOGIN_URL: 'https://u:p%25@a.example/login' },
    ...['https://a.example/', 'HTTPS://A.example:8443/tokens', 'http://[::1]:3000'].map(PUBLIC_URL => ({ PUBLIC_URL }))
  ]) t.strictSame((await readSettings({ ...complete, ...settings }, t.testdir())).mistakes, [], JSON.stringify(settings))
})

t.test('S90: proxies that together are everybody are a mistake', async t => {
  for (const TRUST_PROXY of [
    '0.0.0.0/1,128.0.0.0/1', '128.0.0.0/1, 10.0.0.0/8, 0.0.0.0/1', '0.0.0.0/1,128.0.0.0/2,192.0.0.0/2', '0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/3', '255.255.255.255/1,1.2.3.4/1', '0.0.0.0/1',
    '::/1,8000::/1', '8000::1/1,::%eth0/1', '2000::/3', '2000::/4,3000::/5', '::ffff:0:0/97,::ffff:128.0.0.0/97', '0.0.0.0/2,::ffff:64.0.0.0/98,128.0.0.0/2',
    Array.from({ length: 256 }, (_, i) => `${i}.0.0.0/8`).join()
  ]) {
    t.match((await readSettings({ ...complete, TRUST_PROXY }, t.testdir())).mistakes, [/^TRUST_PROXY: the ranges together are half of all public addresses or more: anybody could claim/], TRUST_PROXY)
  }
})

t.test('proxies that are many, private or no public addresses are taken', async t => {
  for (const TRUST_PROXY of [
    '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,224.0.0.0/3,fc00::/7,fe80::/10,::1', '0.0.0.0/2', '8000::/1', '4000::/2', '2000::/5,fd00::1%eth0/64',
    '1.2.3.4', '::ffff:1.2.3.4', '2001:db8::', '2001:db8:1:2:3:4:5:6/127', '173.245.48.0/20,103.21.244.0/22,104.16.0.0/13,2400:cb00::/32,2606:4700::/32'
  ]) t.strictSame((await readSettings({ ...complete, TRUST_PROXY }, t.testdir())).mistakes, [], TRUST_PROXY)
})

t.test('plain HTTP beyond loopback needs a proxy or consent', async t => {
  for (const settings of [{ TRUST_PROXY: '10.0.0.0/8' }, { INSECURE_HTTP: 'true' }, { TLS_CERT_FILE: 'a', TLS_KEY_FILE: 'b' }]) {
    t.strictSame((await readSettings({ ...complete, HOST: '0.0.0.0', ...settings }, t.testdir())).mistakes, [])
  }
  for (const HOST of ['localhost', '::1', '127.0.0.2']) t.strictSame((await readSettings({ ...complete, HOST }, t.testdir())).mistakes, [])
})

t.test('a near miss is a few letters or whole words away, and one word is none', async t => {
  const settings = ['PORT', 'HOST', 'TOKEN_TTL', 'TWILIO_API_KEY_SECRET', 'CORS_ORIGINS', 'LOG_LEVEL']
  const cases = { PORTS: 'PORT', CORS_ORIGIN: 'CORS_ORIGINS', LOGLEVEL: 'LOG_LEVEL', API_KEY_SECRET: 'TWILIO_API_KEY_SECRET', TWILIO_SECRET: 'TWILIO_API_KEY_SECRET', TWILIO_KEY_API: undefined, HOSTNAME: undefined, PATH: undefined, TERM: undefined, _: undefined, npm_config_x: undefined }
  for (const [variable, setting] of Object.entries(cases)) t.equal(nearMiss(variable, settings), setting, variable)
})

t.test('the settings have a schema, which no start looks at again', async t => {
  t.doesNotThrow(() => mustBeSchema(schema, 'settings'))
})
