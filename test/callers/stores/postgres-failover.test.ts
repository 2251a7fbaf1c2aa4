import dns from 'node:dns'
import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { basic, cheapHash, startBroker, susan, type Broker } from '../../helpers/broker.js'
import { freePort } from '../../helpers/free-port.js'
import { ask } from '../../helpers/http.js'
import { noPgBouncer, pgbouncer } from '../../helpers/pgbouncer.js'
import { noPostgres, postgres, type Postgres } from '../../helpers/postgres.js'
import { reset } from '../../helpers/reset.js'
import { until } from '../../helpers/until.js'

const USERS_QUERY = 'SELECT password AS password_hash, name FROM callers WHERE name = $1'

async function callers (server: Postgres): Promise<void> {
  await server.sql('CREATE TABLE callers (name text PRIMARY KEY, password text)')
  await server.insert('callers', [['susan', await cheapHash('secret123')]])
}

async function broker (t: Test, url: string): Promise<Broker> {
  const broker = await startBroker({ settings: { DATABASE_URL: url, USERS_QUERY, LOGIN_FAILURES_MAX: '1000' } })
  t.teardown(broker.close)
  return broker
}

/** A login that nothing remembers: each costs a look-up. */
const unknown = async ({ url }: Broker) => (await ask(url, { as: basic(`nobody-${Math.random()}`, 'x') })).status
const signsIn = async ({ url }: Broker) => (await ask(url, { as: susan })).status === 200

/** A server's address: what is connected there goes to PostgreSQL, until it is gone or silent. */
async function address (t: Test, host: string, port: number, { socket }: Postgres) {
  const taken = new Set<Socket>()
  let count = 0
  const server = createServer({ allowHalfOpen: true }, client => {
    taken.add(client)
    count++
    const onward = createConnection(socket)
    client.pipe(onward).pipe(client)
    client.on('error', () => {}).on('close', () => {
      taken.delete(client)
      onward.destroy()
    })
    onward.on('error', () => {}).on('close', () => client.destroy())
  }).listen(port, host)
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const client of taken) reset(client)
  }
  t.teardown(close)
  return { taken, connections: () => count, close, silence: () => { for (const client of taken) client.unpipe().resume().on('end', () => client.destroy()) } }
}

t.test('O8: a failover to another server behind the same name is followed within 5 s', { skip: noPostgres }, async t => {
  const server = await postgres()
  t.teardown(server.close)
  await callers(server)
  // What the operating system's resolver says of names of this test.
  const { lookup } = dns
  const addresses = new Map<string, string>()
  const resolve = (name: string, options: { all?: boolean }, done: (error: null, address: unknown, family?: number) => void) => {
    const address = addresses.get(name)
    if (address === undefined) return (lookup as unknown as (...args: unknown[]) => void)(name, options, done)
    if (options.all) done(null, [{ address, family: 4 }])
    else done(null, address, 4)
  }
  Object.assign(dns, { lookup: resolve })
  t.teardown(() => Object.assign(dns, { lookup }))

  type Address = Awaited<ReturnType<typeof address>>
  const cases: Array<{ name: string, says: string, happens: (old: Address) => void }> = [
    { name: 'gone.example', says: 'the old one is gone', happens: old => old.close() },
    { name: 'silent.example', says: 'the old one answers nothing any more', happens: old => old.silence() },
    { name: 'standby.example', says: 'the old one lives on, as a standby that knows old passwords', happens: () => {} }
  ]
  await Promise.all(cases.map(async ({ name, says, happens }) => {
    const port = await freePort()
    addresses.set(name, '127.0.0.1')
    const old = await address(t, '127.0.0.1', port, server)
    const next = await address(t, '127.0.0.2', port, server)
    const node = await broker(t, server.url(port).replace('127.0.0.1', name))
    await Promise.all(Array.from({ length: 8 }, () => unknown(node)))
    t.strictSame([old.connections() > 0, next.connections()], [true, 0], says)
    addresses.set(name, '127.0.0.2')
    happens(old)
    // Under load: connections that are never idle have to be left, too.
    await until(async () => (await Promise.all([unknown(node), unknown(node)])).every(status => status === 401) && old.taken.size === 0 && next.connections() > 0)
    t.ok(await signsIn(node), says)
  }))
})

t.test('PgBouncer in transaction mode', { skip: noPostgres || noPgBouncer }, async t => {
  const server = await postgres()
  t.teardown(server.close)
  await callers(server)
  await server.sql('ALTER ROLE broker SET statement_timeout = \'800ms\'')
  const options = { socketFolder: dirname(server.socket.path), password: server.password }
  const sessions = (more = '') => server.count(`SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM callers%' AND pid <> pg_backend_pid() ${more}`)

  await t.test('O9: by the recipe serves more callers than there are connections, and those sessions that are abandoned end', async t => {
    const pool = await pgbouncer({ ...options, change: recipe => recipe.replace('default_pool_size = 10', 'default_pool_size = 2') })
    t.teardown(pool.close)
    const nodes = [await broker(t, pool.url), await broker(t, pool.url)]
    const all = await Promise.all(nodes.flatMap(node => Array.from({ length: 20 }, (_, i) => i % 2 ? unknown(node) : ask(node.url, { as: susan }).then(({ status }) => status))))
    t.strictSame([...new Set(all)].sort(), [200, 401])
    t.ok(await sessions() <= 2)

    const unlock = await server.lock('callers')
    const refused = await Promise.all(Array.from({ length: 8 }, () => unknown(nodes[0]!)))
    t.ok(refused.every(status => status === 503), String(refused))
    await until(async () => await sessions('AND wait_event_type = \'Lock\'') === 0)
    await unlock()
    await until(async () => await unknown(nodes[0]!) === 401)

    await pool.stop()
    await until(async () => await unknown(nodes[0]!) === 503)
    await pool.start()
    await until(async () => await unknown(nodes[0]!) === 401)

    await server.stop()
    await until(async () => await unknown(nodes[0]!) === 503)
    await server.start()
    await until(async () => await unknown(nodes[0]!) === 401)
    t.ok(await signsIn(nodes[1]!))
  })

  await t.test('that refuses the timeout of statements is a mistake that names the setting, and the URL can leave it out', async t => {
    const pool = await pgbouncer({ ...options, change: recipe => recipe.replace(/^ignore_startup_parameters.*$/m, '') })
    t.teardown(pool.close)
    const refused = await broker(t, pool.url).catch((error: unknown) => error)
    t.match(refused, { mistakes: [/^DATABASE_URL or USERS_QUERY: unsupported startup parameter: statement_timeout/] })
    t.ok(await signsIn(await broker(t, `${pool.url}?statement_timeout=`)))
  })
})
