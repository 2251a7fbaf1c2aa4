import t from 'tap'
import { schema, type Settings } from '../../src/settings/schema.js'
import { shownValues } from '../../src/settings/shown.js'
import { basic, startBroker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { pluginText } from '../helpers/plugin.js'

const shown = (settings: object, started?: object) => shownValues(settings as Settings, started as Settings | undefined)

t.test('operators see the values of settings, and of none that may hold a secret more than its server', t => {
  const cases: Array<{ setting: string, value: unknown, seen: unknown }> = [
    { setting: 'TOKEN_TTL', value: 600, seen: 600 },
    { setting: 'CONSOLE', value: true, seen: true },
    { setting: 'LOG_LEVEL', value: 'info', seen: 'info' },
    { setting: 'PRODUCTS', value: 'video,@example/fax', seen: 'video,@example/fax' },
    { setting: 'AUDIT_LOG', value: '/var/log/audit.log', seen: '/var/log/audit.log' },
    { setting: 'TWILIO_API_KEY_SID', value: `SK${'a1'.repeat(16)}`, seen: 'SKa1…a1a1' },
    { setting: 'TWILIO_API_KEY_SECRET', value: 'hunter2', seen: undefined },
    { setting: 'SESSION_SECRET', value: 'hunter2'.repeat(5), seen: undefined },
    { setting: 'USERS_QUERY', value: 'SELECT hash FROM hunter2', seen: undefined },
    { setting: 'JWT_ISSUER', value: 'https://id.example.com/realms/one', seen: 'https://id.example.com/realms/one' },
    { setting: 'JWT_KEYS', value: '/etc/keys.json', seen: '/etc/keys.json' },
    { setting: 'JWT_KEYS', value: 'https://id.example.com/keys?key=hunter2', seen: 'https://id.example.com' },
    { setting: 'DATABASE_URL', value: 'postgres://broker:hunter2@db.example.com:5433/app?password=hunter2', seen: 'postgres://db.example.com:5433' },
    { setting: 'LOGIN_URL', value: 'https://app.example.com/login/hunter2?key=hunter2#hunter2', seen: 'https://app.example.com' },
    { setting: 'REDIS_URL', value: 'rediss://:hunter2@one:6380,rediss://:hunter2@[::1]:6381', seen: 'one:6380, [::1]:6381' },
    { setting: 'REDIS_URL', value: 'redis+sentinel://user:hunter2@one:26379,two:26379/mymaster?sentinelUser=a&sentinelPassword=hunter2', seen: 'one:26379, two:26379' },
    // A setting of a product.
    { setting: 'TWILIO_CHAT_SERVICE_SID', value: `IS${'b2'.repeat(16)}`, seen: 'ISb2…b2b2' },
    { setting: 'FAX_PASSWORD', value: 'hunter2', seen: undefined },
    { setting: 'FAX_PIN', value: 4711, seen: undefined },
    { setting: 'constructor', value: 'hunter2', seen: undefined }
  ]
  for (const { setting, value, seen } of cases) t.equal(new Map(Object.entries(shown({ [setting]: value }))).get(setting), seen as string, `${setting}=${value}`)
  t.end()
})

t.test('S125: a password with characters that URLs read otherwise shows nothing of itself', t => {
  const password = '4711'
  const seen: string[] = []
  for (const trap of ['/', '?', '#', '\\', '@', ':', ',', '%', ' ']) {
    for (const [setting, scheme] of [['DATABASE_URL', 'postgres:'], ['LOGIN_URL', 'https:'], ['REDIS_URL', 'redis:'], ['REDIS_URL', 'redis+sentinel:'], ['JWT_KEYS', 'https:'], ['PUBLIC_URL', 'https:'], ['AUDIT_LOG', 'syslog:']]) {
      for (const value of [`${scheme}//user:${password}${trap}${password}@host/name`, `${scheme}//${password}${trap}${password}@host`, `${scheme}//host/${trap}${password}@x`]) {
        if (JSON.stringify(shown({ [setting!]: value })).includes(password)) seen.push(`${setting}=${value}`)
      }
    }
  }
  t.strictSame(seen, [])
  for (const value of ['postgres:///app', 'no url', 'redis://']) t.strictSame(shown({ DATABASE_URL: value, REDIS_URL: value, LOGIN_URL: value }), {}, value)
  t.end()
})

t.test('what needs a restart is shown as it was at the start, all else as it is', t => {
  t.strictSame(shown({ PORT: 2, TOKEN_TTL: 2 }, { PORT: 1, TOKEN_TTL: 1 }), { PORT: 1, TOKEN_TTL: 2 })
  t.ok(Object.keys(schema.properties).length > 40, 'each has its place: the types demand it')
  t.end()
})

t.test('S124: the operators\' data of a broker with hostile settings holds none of its secrets', async t => {
  const broker = await startBroker({
    settings: { OPERATORS: 'susan', REDIS_URL: 'redis://hunter2:hunter2@127.0.0.1:9/0', PRODUCTS: 'sync,./fax.js', SESSION_SECRET: 'hunter2'.repeat(5), FAX_PASSWORD: 'hunter2', FAX_NUMBER: '4711' },
    files: { 'fax.js': pluginText({ settings: 'Type.Object({ FAX_PASSWORD: Type.String(), FAX_NUMBER: Type.Integer() })' }) }
  })
  t.teardown(broker.close)
  await broker.write('.env', 'PORT=4711\nTOKEN_TTL=600\n')
  await broker.reload()
  const { status, text, body } = await ask(broker.url, { method: 'GET', path: '/operator.json', as: basic('susan', 'secret123') })
  t.equal(status, 200)
  t.has(body, {
    settings: { FAX_PASSWORD: true, SESSION_SECRET: true },
    values: { REDIS_URL: '127.0.0.1:9', PRODUCTS: 'sync,./fax.js', PORT: 0, FAX_NUMBER: undefined }
  })
  for (const secret of ['hunter2', broker.secrets.keySecret]) t.notOk(text.includes(secret), secret)
})
