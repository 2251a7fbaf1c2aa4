import t from 'tap'
import { login } from '../../helpers/login.js'
import { noPostgres } from '../../helpers/postgres.js'
import { byName, cheap, postgresStores } from '../../helpers/postgres-store.js'
import { settlesAtOnce } from '../../helpers/settle.js'
import { until } from '../../helpers/until.js'

t.test('connections to PostgreSQL', { skip: noPostgres }, async t => {
  const { server, open } = await postgresStores(t)

  t.test('the server is asked to end slow statements, but where the URL says not to', async t => {
    const query = 'SELECT password AS password_hash, current_setting(\'statement_timeout\') AS identity FROM callers WHERE name = $1'
    for (const [more, timeout] of [['', '800ms'], ['&statement_timeout=', '0']] as const) {
      const { verify } = await open(t, [{ name: 'susan', hash: cheap }], query, server.url() + more)
      t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: timeout, asTyped: true })
    }
  })

  t.test('a caller who hangs up during the look-up costs no hash', async t => {
    const { store, queue, table } = await open(t, [{ name: 'susan', hash: cheap }])
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
    const { store, verify, table } = await open(t, [{ name: 'susan', hash: cheap }])
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
    const { verify, table } = await open(t, [{ name: 'susan', hash: cheap }])
    await verify('susan', 'right')
    const unlock = await server.lock(table)
    const waiting = Array.from({ length: 5 + 256 }, () => verify('nobody', 'x').catch(() => {}))
    const refused = verify('susan', 'right')
    t.ok(await settlesAtOnce(refused))
    await t.rejects(refused, { code: 'overloaded', status: 503, options: { retryAfter: 1 } })
    await unlock()
    await Promise.all(waiting)
  })

  t.test('closing it ends every connection', async t => {
    const { store, verify } = await open(t, [{ name: 'susan', hash: cheap }], byName, `${server.url()}&application_name=closing`)
    await Promise.all([verify('susan', 'right'), verify('susan', 'right')])
    const sessions = () => server.count('SELECT count(*) FROM pg_stat_activity WHERE application_name = \'closing\'')
    t.ok(await sessions() > 0)
    await store.close()
    await until(async () => await sessions() === 0)
    await store.close()
  })
})
