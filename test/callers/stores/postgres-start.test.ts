import dns from 'node:dns'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { textOf } from '../../../src/lib/diagnostic.js'
import { complete } from '../../helpers/broker.js'
import { inProcess } from '../../helpers/in-process.js'
import { noPostgres } from '../../helpers/postgres.js'
import { byName, cheap, postgresStores } from '../../helpers/postgres-store.js'
import { until } from '../../helpers/until.js'

t.test('PostgreSQL at the start', { skip: noPostgres }, async t => {
  const { server, open, cause } = await postgresStores(t)

  t.test('what the database says of data stays out of the log', async t => {
    const { verify } = await open(t, [{ name: 'susan', hash: cheap }], 'SELECT password AS password_hash, to_date(name, \'YYYY\') AS identity FROM callers WHERE name = $1')
    t.equal(await cause(t, verify('susan', 'right')), 'PostgreSQL refused USERS_QUERY (SQLSTATE 22007)')
  })

  const mistakes: Array<{ name: string, query: string, message: RegExp }> = [
    {
      name: 'a syntax error',
      query: 'SELEKT password FROM callers WHERE name = $1',
      message: /^USERS_QUERY: syntax error at or near "SELEKT" \(SQLSTATE 42601\)$/
    },
    {
      name: 'no such column',
      query: 'SELECT pasword AS password_hash FROM callers WHERE name = $1',
      message: /^USERS_QUERY: column "pasword" does not exist \(SQLSTATE 42703\)$/
    },
    {
      name: 'no such table',
      query: 'SELECT password AS password_hash FROM users WHERE name = $1',
      message: /^USERS_QUERY: relation "users" does not exist \(SQLSTATE 42P01\)$/
    },
    { name: 'two statements', query: 'SELECT 1; SELECT $1', message: /^USERS_QUERY: cannot insert multiple commands/ },
    {
      name: 'no $1',
      query: 'SELECT password AS password_hash FROM callers',
      message: /^DATABASE_URL or USERS_QUERY: bind message supplies 1 parameters/
    },
    {
      name: 'no password_hash',
      query: 'SELECT password FROM callers WHERE name = $1',
      message: /^USERS_QUERY must answer one column named password_hash$/
    },
    {
      name: 'two password_hash',
      query: 'SELECT password AS password_hash, name AS password_hash FROM callers WHERE name = $1',
      message: /^USERS_QUERY must answer one column named password_hash$/
    },
    {
      name: 'two identities',
      query: 'SELECT password AS password_hash, identity, name AS identity FROM callers WHERE name = $1',
      message: /^USERS_QUERY answers two columns named identity$/
    },
    {
      name: 'two names',
      query: 'SELECT password AS password_hash, name, name FROM callers WHERE name = $1',
      message: /^USERS_QUERY answers two columns named name$/
    }
  ]
  for (const { name, query, message } of mistakes) {
    t.test(`a query with ${name} is found at the start, and an outage to every caller`, async t => {
      const { store, verify } = await open(t, [{ name: 'susan', hash: cheap }], query)
      t.match(await cause(t, verify('susan', 'right')), message)
      t.match(await cause(t, verify('nobody', 'right')), message)
      const found = await store.check()
      t.equal(found.length, 1)
      t.match(found.map(textOf), [message])
      t.equal(store.ready, false)
    })
  }

  t.test('a query that finds somebody under every name is found at the start', async t => {
    const { store } = await open(t, [{ name: 'susan', hash: cheap }], 'SELECT password AS password_hash FROM callers WHERE name <> $1')
    t.has((await store.check()).map(textOf), ['USERS_QUERY finds somebody under a name that nobody has: it must compare a column with $1'])
  })

  const urls: Array<{ name: string, change: (url: string) => string, message: RegExp }> = [
    {
      name: 'a wrong password',
      change: url => url.replace(server.password, 'other-canary'),
      message: /^DATABASE_URL: password authentication failed for user "broker" \(SQLSTATE 28P01\)$/
    },
    {
      name: 'no such database',
      change: url => url.replace('/postgres?', '/nothing?'),
      message: /^DATABASE_URL: database "nothing" does not exist \(SQLSTATE 3D000\)$/
    }
  ]
  for (const { name, change, message } of urls) {
    t.test(`a URL with ${name} is found at the start, and the log does not repeat the password`, async t => {
      const { store, said } = await open(t, [], byName, change(server.url()))
      t.match((await store.check()).map(textOf), [message])
      t.match(said, [/^DATABASE_URL is unavailable/])
      t.notMatch(said.join(), 'canary')
    })
  }

  t.test('the command check runs the query as a start does', async t => {
    const { table } = await open(t, [{ name: 'susan', hash: cheap }])
    const query = `SELECT password AS password_hash, name FROM ${table} WHERE name = $1`
    const rows: Array<{ what: string, env: Record<string, string>, code: number, diagnostics: object[] }> = [
      { what: 'all is right', env: {}, code: 0, diagnostics: [] },
      { what: 'no name', env: { USERS_QUERY: query.replace(', name', '') }, code: 0, diagnostics: [{ level: 'warning', subject: 'USERS_QUERY', code: 'missing' }] },
      { what: 'no password_hash', env: { USERS_QUERY: query.replace(' AS password_hash', '') }, code: 78, diagnostics: [{ level: 'mistake', subject: 'USERS_QUERY', message: /^USERS_QUERY must answer one column named password_hash$/ }] },
      { what: 'a wrong password', env: { DATABASE_URL: server.url().replace(server.password, 'other-canary') }, code: 78, diagnostics: [{ level: 'mistake', subject: 'DATABASE_URL', message: /password authentication failed/ }] }
    ]
    const { PORT, ...settings } = complete
    const cwd = t.testdir({ 'policy.yaml': 'rules: [{ who: ["*"], allow: { video: {} } }]' })
    for (const { what, env, code, diagnostics } of rows) {
      const checked = await inProcess(['check', '--json'], { cwd, env: { ...settings, POLICY_FILE: 'policy.yaml', DATABASE_URL: server.url(), USERS_QUERY: query, ...env } })
      const found = (JSON.parse(checked.out) as { diagnostics: object[] }).diagnostics
      t.equal(checked.code, code, what)
      t.match(found, diagnostics, what)
      t.equal(found.length, diagnostics.length, what)
      t.notMatch(checked.out, 'canary', what)
    }
  })

  t.test('a right query has no mistakes', async t => {
    const { store } = await open(t, [{ name: 'susan', hash: cheap }])
    t.same(await store.check(), [])
    t.equal(store.ready, true)
  })

  const byNumber = 'SELECT password AS password_hash FROM callers WHERE name::integer = $1::integer'
  const warnings = [
    { what: 'a query without the column name is warned of at the start', query: byName, start: 1, login: 1 },
    { what: 'one with the column name is not', query: 'SELECT name, password AS password_hash FROM callers WHERE name = $1', start: 0, login: 0 },
    { what: 'one whose columns a start cannot see is warned of at the first login', query: byNumber, start: 0, login: 1 }
  ]
  for (const { what, query, start, login } of warnings) {
    t.test(what, async t => {
      const { store, said, verify } = await open(t, [{ name: '7', hash: cheap }], query)
      const warned = () => said.filter(text => /^USERS_QUERY answers no "name": names that differ only in case/.test(text)).length
      t.same(await store.check(), [])
      t.equal(warned(), start)
      for (let i = 0; i < 2; i++) t.ok(await verify('7', 'right'))
      t.equal(warned(), login)
    })
  }

  t.test('a server that is away at the start is an outage and no mistake', async t => {
    const unused = createServer().listen(0, '127.0.0.1')
    await until(() => unused.listening)
    const { port } = unused.address() as AddressInfo
    unused.close()
    // A host of several addresses: what Node says then has a code and no words.
    t.capture(dns, 'lookup', ((_host: string, _options: object, found: (error: null, addresses: object[]) => void) => {
      found(null, [{ address: '127.0.0.1', family: 4 }, { address: '127.0.0.2', family: 4 }])
    }) as unknown as typeof dns.lookup)
    for (const host of ['127.0.0.1', 'database.test']) {
      const { store } = await open(t, [], byName, `postgres://broker:${server.password}@${host}:${port}/postgres`)
      t.match(await cause(t, store.check()), /ECONNREFUSED/)
      t.equal(store.ready, false)
    }
  })

  t.test('a URL that cannot be read is an outage that does not repeat it', async t => {
    const { store } = await open(t, [], byName, `postgres://broker:${server.password}@[/postgres`)
    t.match(await cause(t, store.check()), 'Invalid URL')
  })
})
