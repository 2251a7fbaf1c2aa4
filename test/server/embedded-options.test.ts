import { fastify } from 'fastify'
import t from 'tap'
import { broker, type BrokerOptions } from '../../src/index.js'
import { secrets, susan } from '../helpers/broker.js'
import { application, settings, token, type Embedded } from '../helpers/embedded.js'
import { ask } from '../helpers/http.js'

interface Row {
  name: string
  options: object
  mistakes: RegExp[]
}

const wrongOptions: Row[] = [
  { name: 'no prefix', options: { prefix: undefined }, mistakes: [/^prefix must be a plain path/] },
  ...['', '/', 'twilio', '/twilio/', '/:tenant', '/tw*', '/a//b', '/a b', '/..', '/a/./b'].map((prefix): Row => ({
    name: `the prefix ${prefix}`,
    options: { prefix },
    mistakes: [/^prefix must be a plain path/]
  })),
  { name: 'no authenticate', options: { authenticate: true }, mistakes: [/^authenticate must be a function/] },
  ...[-1, 901, NaN, '60s', '60', null].map((rememberFor): Row => ({
    name: `rememberFor ${rememberFor}`,
    options: { rememberFor },
    mistakes: [/^rememberFor must be a number of seconds/]
  })),
  {
    name: 'a folder and a callback of no use',
    options: { cwd: null, onStart: true, settings: { ...settings, AUDIT_LOG: 'stdout' } },
    mistakes: [/^cwd must be the path of a folder$/, /^onStart must be a function$/]
  },
  {
    name: 'an audit log that cannot be written',
    options: { settings: { ...settings, AUDIT_LOG: 'no/such/folder' } },
    mistakes: [/^AUDIT_LOG names a file that cannot be opened/]
  },
  {
    name: 'what the application decides',
    options: { settings: { ...settings, HOST: '0.0.0.0', PORT: 80, TRUST_PROXY: 'true', LOG_LEVEL: 'info', USERS_FILE: 'x', DATABASE_URL: 'x', LOGIN_URL_FILE: 'x', TLS_CERT_FILE: 'x' } },
    mistakes: [
      /^HOST is not used.*where the application listens; remove it$/,
      /^PORT is not/,
      /^TRUST_PROXY is not.*trustProxy of the/,
      /^LOG_LEVEL is not/,
      /^USERS_FILE is not.*authenticate/,
      /^DATABASE_URL is not/,
      /^LOGIN_URL_FILE is not/,
      /^TLS_CERT_FILE is not/
    ]
  },
  {
    name: 'unknown names',
    options: { settings: { ...settings, CORS_ORIGIN: 'https://a.example', FOO: 'x' } },
    mistakes: [/^CORS_ORIGIN is not a setting; did you mean CORS_ORIGINS\?$/, /^FOO is not a setting$/]
  },
  {
    name: 'values of no use',
    options: { settings: { ...settings, CORS_ORIGINS: ['https://a.example'], TOKEN_TTL: null } },
    mistakes: [/^CORS_ORIGINS must be text, a number/, /^TOKEN_TTL must be text/]
  },
  {
    name: 'many at once',
    options: { prefix: '/', settings: { TWILIO_API_KEY: secrets.keySid, TOKEN_TTL: 5, PRODUCTS: 'vido', POLICY_FILE: 'missing.yaml' } },
    mistakes: [
      /^prefix/,
      /^PRODUCTS: entry 1.*did you mean video/,
      /^TWILIO_ACCOUNT_SID is missing/,
      /^TWILIO_API_KEY_SID is missing: TWILIO_API_KEY is not a setting/,
      /^TWILIO_API_KEY_SECRET is missing/,
      /^TOKEN_TTL must/,
      /^missing\.yaml/
    ]
  }
]

t.test('every mistake of the options is told at once, and the application does not start', async t => {
  process.env.TWILIO_ACCOUNT_SID = secrets.accountSid
  t.teardown(() => { delete process.env.TWILIO_ACCOUNT_SID })
  for (const { name, options, mistakes } of wrongOptions) {
    const { settings: own, ...others } = options as Partial<BrokerOptions>
    const refused = await application({
      brokers: [{ ...others, ...(own && { settings: { ...Object.fromEntries(Object.keys(settings).map(key => [key, undefined])), ...own } as unknown as Embedded['settings'] }) } as Embedded]
    }).then(({ close }) => close(), (error: unknown) => error)
    const told = (refused as { mistakes?: string[] } | undefined)?.mistakes ?? []
    t.equal(told.length, mistakes.length, `${name}: ${told.join(' | ')}`)
    for (const mistake of mistakes) t.ok(told.some(line => mistake.test(line)), `${name}: ${mistake}`)
    t.notMatch(told.join(), secrets.keySecret)
  }
})

t.test('without settings the secrets are told as missing', async t => {
  const app = fastify()
  t.teardown(() => app.close())
  const refused: unknown = await app.register(broker, { prefix: '/twilio', authenticate: () => null } as unknown as BrokerOptions).then(() => undefined, (error: unknown) => error)
  t.match((refused as { mistakes: string[] }).mistakes, [/^TWILIO_ACCOUNT_SID is missing/, /^TWILIO_API_KEY_SID is missing/, /^TWILIO_API_KEY_SECRET is missing/])
})

t.test('settings that are no object are a mistake like any other', async t => {
  for (const settings of [null, 'TOKEN_TTL=600', 600, true, ['TOKEN_TTL'], () => ({})]) {
    const app = fastify()
    t.teardown(() => app.close())
    const refused: unknown = await app.register(broker, { prefix: '/twilio', authenticate: () => null, settings } as unknown as BrokerOptions).then(() => undefined, (error: unknown) => error)
    t.match(refused, { name: 'StartError', mistakes: [/^settings must be an object, such as/, /^TWILIO_ACCOUNT_SID is missing/, /^TWILIO_API_KEY_SID is missing/, /^TWILIO_API_KEY_SECRET is missing/] })
  }
})

t.test('a broker below a path that is no fixed one does not start, as no request would find it', async t => {
  const below = (prefix: string) => application({ brokers: [], setUp: (app, options) => { app.register(async scope => { await scope.register(broker, options) }, { prefix }) } })
  for (const prefix of ['/:tenant', '/api/:tenant', '/:id(^\\d+$)', '/*', '/a::b', '/b\u00fcro', '/a b', '/a%20b', '/..', '/a/..']) {
    const refused: unknown = await below(prefix).then(({ close }) => close(), (error: unknown) => error)
    t.match(refused, { name: 'StartError', mistakes: [/^prefix lies below a path of the application that has a parameter or a wildcard/] }, prefix)
  }
  for (const prefix of ['/v1.0', '/~susan', '/@me', '/a,b;c=d', '/(a)!$&+\'']) {
    const { url, close } = await below(prefix)
    t.equal((await ask(url, { as: susan, path: `${prefix}${token}` })).status, 200, prefix)
    await close()
  }
})

t.test('without AUDIT_LOG the audit goes to standard output, which the log says', async t => {
  const { log, close } = await application({ brokers: [{ settings: { AUDIT_LOG: undefined } as unknown as Embedded['settings'] } as Embedded] })
  t.teardown(close)
  t.match(log(), /AUDIT_LOG is not set: the audit goes to standard output/)
  const named = await application({ brokers: [{ settings: { AUDIT_LOG: 'audit.log' } }] })
  t.teardown(named.close)
  t.notMatch(named.log(), /AUDIT_LOG/)
})

t.test('neither the environment nor .env has a say', async t => {
  process.env.TOKEN_TTL = '600'
  t.teardown(() => { delete process.env.TOKEN_TTL })
  const { url, close } = await application({ files: { '.env': 'TOKEN_TTL=900\n' } })
  t.teardown(close)
  t.equal((await ask(url, { as: susan, path: token })).body.expiresIn, 3600)
})
