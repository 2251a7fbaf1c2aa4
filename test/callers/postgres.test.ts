import { pbkdf2Sync, scryptSync } from 'node:crypto'
import dns from 'node:dns'
import { createServer, type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { hash as argon2 } from '@node-rs/argon2'
import { hash as bcrypt } from '@node-rs/bcrypt'
import t, { type Test } from 'tap'
import { postgresStore } from '../../src/callers/postgres.js'
import { Problem } from '../../src/problems.js'
import { CountingQueue } from '../helpers/counting-queue.js'
import { verifyHash } from '../helpers/in-thread.js'
import { login } from '../helpers/login.js'
import { noPostgres, postgres } from '../helpers/postgres.js'
import { until } from '../helpers/until.js'

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
const salt = Buffer.from('salt of 16 bytes')
const cheap = await argon2('right', { memoryCost: 64, timeCost: 1, parallelism: 1 })

const forms = {
  'pbkdf2_sha256, as Django writes it': `pbkdf2_sha256$1000$saltOfDjango$${pbkdf2Sync('right', 'saltOfDjango', 1000, 32, 'sha256').toString('base64')}`,
  bcrypt: await bcrypt('right', 4),
  argon2id: cheap,
  scrypt: `$scrypt$ln=4,r=8,p=1$${base64(salt)}$${base64(scryptSync('right', salt, 32, { N: 16, r: 8, p: 1 }))}`
}

const byName = 'SELECT password AS password_hash, identity FROM callers WHERE name = $1'

t.test('PostgreSQL', { skip: noPostgres }, async t => {
  const server = await postgres()
  t.teardown(server.close)

  let tables = 0

  /** A store over a table of its own. */
  async function open (t: Test, rows: Array<[name: string, hash: string | null, identity?: string | null]>, query = byName, url = server.url()) {
    const table = `callers${tables++}`
    await server.sql(`CREATE TABLE ${table} (name text, password text, identity text)`)
    await server.insert(table, rows.map(([name, hash, identity = null]) => [name, hash, identity]))
    const said: string[] = []
    const verified: string[] = []
    const queue = new CountingQueue()
    const store = postgresStore({
      verifyHash (hash, password) {
        verified.push(hash)
        return verifyHash(hash, password)
      },
      databaseUrl: url,
      usersQuery: query.replace('callers', table),
      queue,
      log: { info: text => said.push(text), warn: text => said.push(text) }
    })
    t.teardown(() => store.close())
    return { store, queue, verified, said, table, verify: (name: string, password: string) => store.verify(name, password, login()) }
  }

  /** The cause of an outage; nothing of it may hold a secret. */
  async function cause (t: Test, verifying: Promise<unknown>) {
    const problem = await verifying.then(() => undefined, (error: unknown) => error)
    if (!(problem instanceof Problem)) return t.fail('no Problem', { problem })
    t.match(problem, { code: 'store-unavailable', options: { retryAfter: 5 } })
    const all = inspect(problem, { depth: Infinity, showHidden: true })
    for (const secret of [server.password, cheap, 'susan']) t.notOk(all.includes(secret), `holds no ${secret}`)
    return (problem.cause as Error).message
  }

  for (const [form, hash] of Object.entries(forms)) {
    t.test(`a hash of ${form} is verified`, async t => {
      const { verify } = await open(t, [['susan', hash]])
      t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'susan' })
      t.equal(await verify('susan', 'wrong'), null)
    })
  }

  t.test('the identity is the column\'s, and the name where it is null or left out', async t => {
    const { verify } = await open(t, [['susan', cheap, 'agent 7'], ['juan', cheap]])
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'agent 7' })
    t.strictSame(await verify('juan', 'right'), { name: 'juan', identity: 'juan' })
    const { verify: without } = await open(t, [['susan', cheap, 'agent 7']], 'SELECT password AS password_hash FROM callers WHERE name = $1')
    t.strictSame(await without('susan', 'right'), { name: 'susan', identity: 'susan' })
  })

  t.test('an identity of another type is taken as the database writes it', async t => {
    const { verify } = await open(t, [['susan', cheap]], 'SELECT password AS password_hash, 7 AS identity FROM callers WHERE name = $1')
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: '7' })
  })

  t.test('the server is asked to end slow statements, but where the URL says not to', async t => {
    const query = 'SELECT password AS password_hash, current_setting(\'statement_timeout\') AS identity FROM callers WHERE name = $1'
    for (const [more, timeout] of [['', '800ms'], ['&statement_timeout=', '0']] as const) {
      const { verify } = await open(t, [['susan', cheap]], query, server.url() + more)
      t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: timeout })
    }
  })

  t.test('an empty identity is nobody\'s', async t => {
    const { verify } = await open(t, [['susan', cheap, '']])
    t.equal(await cause(t, verify('susan', 'right')), 'USERS_QUERY answers an empty identity')
    t.equal(await verify('susan', 'wrong'), null)
  })

  for (const [what, rows] of Object.entries({
    'two callers with one identity': [['susan', cheap, 'agent'], ['juan', cheap, 'agent']],
    'an identity that is another caller\'s name': [['susan', cheap], ['juan', cheap, 'susan']]
  } satisfies Record<string, Array<[string, string, string?]>>)) {
    t.test(`of ${what} the second does not get in`, async t => {
      const { verify, store } = await open(t, rows as Array<[string, string, string?]>)
      t.ok(await verify('susan', 'right'))
      t.equal(await cause(t, verify('juan', 'right')), 'USERS_QUERY gives a caller the name or identity of another one')
      t.equal(await verify('juan', 'wrong'), null, 'which only a right password finds out')
      t.ok(await verify('susan', 'right'))
      t.equal(store.ready, true)
    })
  }

  t.test('a table that takes Susan for susan has one caller, not two with one identity', async t => {
    const { verify } = await open(t, [['susan', cheap, 'agent 7']], 'SELECT password AS password_hash, identity FROM callers WHERE lower(name) = lower($1)')
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'agent 7' })
    t.strictSame(await verify('Susan', 'right'), { name: 'Susan', identity: 'agent 7' })
  })

  t.test('a caller without a hash has no password, at the cost of one', async t => {
    const { verify, queue, said } = await open(t, [['susan', null]])
    for (const password of ['', 'null', 'right']) t.equal(await verify('susan', password), null)
    t.equal(queue.hashes, 3)
    t.same(said, [])
  })

  t.test('a caller whose hash is of a form that is not verified is answered like an unknown one, and the log names the form once', async t => {
    const { verify, queue, said } = await open(t, [['susan', '$apr1$saltsalt$abcdefghijklmnopqrstuv'], ['juan', '$apr1$saltsalt$abcdefghijklmnopqrstuv']])
    for (const name of ['susan', 'susan', 'juan', 'nobody']) t.equal(await verify(name, 'right'), null)
    t.equal(queue.hashes, 4)
    t.match(said, [/^a caller cannot sign in, .*apr1 \(MD5\) is not taken; .*pbkdf2_sha256/])
    t.equal(said.length, 1)
    t.notMatch(said[0], /saltsalt|abcdef|susan|juan/)
  })

  t.test('weak hashes are verified, and the log says so once', async t => {
    const { verify, said } = await open(t, [['susan', forms.bcrypt]])
    await verify('susan', 'wrong')
    t.ok(await verify('susan', 'right'))
    t.equal(said.length, 1)
    t.match(said[0], /a hash .* is weak: bcrypt/)
  })

  t.test('an unknown name costs the default hash at first, then the costliest that the table has shown', async t => {
    const { verify, verified } = await open(t, [['four', await bcrypt('right', 4)], ['five', await bcrypt('right', 5)], ['none', null]])
    const parameters = async (name: string) => {
      verified.length = 0
      await verify(name, 'wrong')
      return verified.map(hash => /^\$2y\$\d\d|^\$argon2id.*p=1/.exec(hash)?.[0])
    }
    t.same(await parameters('nobody'), ['$argon2id$v=19$m=19456,t=2,p=1'])
    t.same(await parameters('four'), ['$2y$04'])
    t.same(await parameters('nobody'), ['$2y$04'])
    t.same(await parameters('five'), ['$2y$05'])
    t.same(await parameters('four'), ['$2y$04'])
    t.same(await parameters('nobody'), ['$2y$05'])
    t.same(await parameters('none'), ['$2y$05'])
  })

  t.test('several rows for one name are no answer', async t => {
    const { verify, store } = await open(t, [['susan', cheap], ['susan', cheap]])
    for (let times = 0; times < 6; times++) t.equal(await cause(t, verify('susan', 'right')), 'USERS_QUERY finds several callers under one name')
    t.equal(store.ready, true, 'and no outage for the others')
  })

  t.test('a name that a column cannot hold is unknown, at the cost of one hash', async t => {
    const { verify, queue, store } = await open(t, [['7', cheap]], 'SELECT password AS password_hash FROM callers WHERE name::int = $1')
    for (const name of ['susan', '99999999999', '\0']) t.equal(await verify(name, 'right'), null)
    t.ok(await verify('7', 'right'))
    t.equal(queue.hashes, 4)
    t.same(await store.check(), [])
  })

  t.test('what the database says of data stays out of the log', async t => {
    const { verify } = await open(t, [['susan', cheap]], 'SELECT password AS password_hash, to_date(name, \'YYYY\') AS identity FROM callers WHERE name = $1')
    t.equal(await cause(t, verify('susan', 'right')), 'PostgreSQL refused USERS_QUERY (SQLSTATE 22007)')
  })

  const mistakes: Array<[what: string, query: string, says: RegExp]> = [
    ['a syntax error', 'SELEKT password FROM callers WHERE name = $1', /^USERS_QUERY: syntax error at or near "SELEKT" \(SQLSTATE 42601\)$/],
    ['no such column', 'SELECT pasword AS password_hash FROM callers WHERE name = $1', /^USERS_QUERY: column "pasword" does not exist \(SQLSTATE 42703\)$/],
    ['no such table', 'SELECT password AS password_hash FROM users WHERE name = $1', /^USERS_QUERY: relation "users" does not exist \(SQLSTATE 42P01\)$/],
    ['two statements', 'SELECT 1; SELECT $1', /^USERS_QUERY: cannot insert multiple commands/],
    ['no $1', 'SELECT password AS password_hash FROM callers', /^DATABASE_URL or USERS_QUERY: bind message supplies 1 parameters/],
    ['no password_hash', 'SELECT password FROM callers WHERE name = $1', /^USERS_QUERY must answer one column named password_hash$/],
    ['two password_hash', 'SELECT password AS password_hash, name AS password_hash FROM callers WHERE name = $1', /^USERS_QUERY must answer one column named password_hash$/],
    ['two identities', 'SELECT password AS password_hash, identity, name AS identity FROM callers WHERE name = $1', /^USERS_QUERY answers two columns named identity$/]
  ]
  for (const [what, query, says] of mistakes) {
    t.test(`a query with ${what} is found at the start, and an outage to every caller`, async t => {
      const { store, verify } = await open(t, [['susan', cheap]], query)
      t.match(await cause(t, verify('susan', 'right')), says)
      t.match(await cause(t, verify('nobody', 'right')), says)
      const found = await store.check()
      t.equal(found.length, 1)
      t.match(found[0], says)
      t.equal(store.ready, false)
    })
  }

  t.test('a query that finds somebody under every name is found at the start', async t => {
    const { store } = await open(t, [['susan', cheap]], 'SELECT password AS password_hash FROM callers WHERE name <> $1')
    t.match(await store.check(), ['USERS_QUERY finds somebody under a name that nobody has: it must compare a column with $1'])
  })

  const urls: Array<[what: string, change: (url: string) => string, says: RegExp]> = [
    ['a wrong password', url => url.replace(server.password, 'other-canary'), /^DATABASE_URL: password authentication failed for user "broker" \(SQLSTATE 28P01\)$/],
    ['no such database', url => url.replace('/postgres?', '/nothing?'), /^DATABASE_URL: database "nothing" does not exist \(SQLSTATE 3D000\)$/]
  ]
  for (const [what, change, says] of urls) {
    t.test(`a URL with ${what} is found at the start, and the log does not repeat the password`, async t => {
      const { store, said } = await open(t, [], byName, change(server.url()))
      t.match(await store.check(), [says])
      t.match(said, [/^DATABASE_URL is away/])
      t.notMatch(said.join(), 'canary')
    })
  }

  t.test('a right query has no mistakes', async t => {
    const { store } = await open(t, [['susan', cheap]])
    t.same(await store.check(), [])
    t.equal(store.ready, true)
  })

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

  t.test('what a caller is called never becomes part of the query', async t => {
    const { verify, table } = await open(t, [['susan', cheap]])
    for (const name of [`'; DROP TABLE ${table}; --`, '\' OR true --', '$1', '\\']) t.equal(await verify(name, 'right'), null)
    t.ok(await verify('susan', 'right'))
  })

  t.test('a caller who hangs up during the look-up costs no hash', async t => {
    const { store, queue, table } = await open(t, [['susan', cheap]])
    const unlock = await server.lock(table)
    const hangUp = new AbortController()
    const verifying = store.verify('susan', 'right', { ...login(), signal: hangUp.signal })
    const refused = t.rejects(verifying, { message: 'gone' })
    hangUp.abort(new Error('gone'))
    await unlock()
    await refused
    t.equal(queue.hashes, 0)
  })

  t.test('callers who hang up during an outage are no reason to turn others away at once', async t => {
    const { store, verify, table } = await open(t, [['susan', cheap]])
    const unlock = await server.lock(table)
    const hangUp = new AbortController()
    const verifying = Array.from({ length: 9 }, () => store.verify('susan', 'right', { ...login(), signal: hangUp.signal }).catch((error: Error) => error.message))
    hangUp.abort(new Error('gone'))
    await unlock()
    t.same(new Set(await Promise.all(verifying)), new Set(['gone']))
    t.equal(store.ready, true)
    t.ok(await verify('susan', 'right'))
  })

  t.test('a login is overloaded at once when 256 others wait for a connection', async t => {
    const { verify, table } = await open(t, [['susan', cheap]])
    await verify('susan', 'right')
    const unlock = await server.lock(table)
    const waiting = Array.from({ length: 5 + 256 }, () => verify('nobody', 'x').catch(() => {}))
    const start = performance.now()
    await t.rejects(verify('susan', 'right'), { code: 'overloaded', status: 503, options: { retryAfter: 1 } })
    t.ok(performance.now() - start < 400, 'at once')
    await unlock()
    await Promise.all(waiting)
  })

  t.test('a remembered login is current, for as long as a minute', async t => {
    const { store } = await open(t, [['susan', cheap]])
    t.equal(store.rememberFor, 60_000)
    t.equal(store.isCurrent({ name: 'susan', identity: 'susan' }), true)
  })

  t.test('closing it ends every connection', async t => {
    const { store, verify } = await open(t, [['susan', cheap]], byName, `${server.url()}&application_name=closing`)
    await Promise.all([verify('susan', 'right'), verify('susan', 'right')])
    const sessions = () => server.count('SELECT count(*) FROM pg_stat_activity WHERE application_name = \'closing\'')
    t.ok(await sessions() > 0)
    await store.close()
    await until(async () => await sessions() === 0)
    await store.close()
  })
})
