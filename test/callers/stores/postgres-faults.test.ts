import t, { type Test } from 'tap'
import { postgresStore } from '../../../src/callers/stores/postgres.js'
import { HashQueue } from '../../../src/callers/passwords/hash-queue.js'
import { blackHole } from '../../helpers/black-hole.js'
import { decoyKey } from '../../helpers/decoy-key.js'
import { verifyHash } from '../../helpers/in-thread.js'
import { login } from '../../helpers/login.js'
import { noPostgres, postgres } from '../../helpers/postgres.js'
import { cheap } from '../../helpers/postgres-store.js'
import { settlesAtOnce } from '../../helpers/settle.js'
import { until } from '../../helpers/until.js'

t.test('S140: PostgreSQL goes wrong', { skip: noPostgres }, async t => {
  const server = await postgres()
  t.teardown(server.close)
  const network = await blackHole(server.socket)
  t.teardown(network.close)
  await server.sql('CREATE TABLE callers (name text PRIMARY KEY, password text)')
  await server.insert('callers', [['susan', cheap]])

  function open (t: Test, url = server.url(network.port)) {
    const said: string[] = []
    const store = postgresStore({
      databaseUrl: url,
      usersQuery: 'SELECT password AS password_hash FROM callers WHERE name = $1',
      queue: new HashQueue(),
      decoyKey,
      verifyHash,
      log: { info: text => said.push(text), warn: text => said.push(text) }
    })
    t.teardown(() => store.close())
    return { store, said }
  }

  /** Each answers how to undo it. */
  const faults: Record<string, () => Promise<() => Promise<unknown>>> = {
    'is stopped': async () => {
      await server.stop()
      return server.start
    },
    crashes: async () => {
      await server.stop('SIGQUIT')
      return server.start
    },
    'is paused': async () => {
      await server.freeze()
      return server.thaw
    },
    'stands behind a lock on the table': () => server.lock('callers'),
    'has no connection left': async () => {
      await network.refuse()
      await network.pass()
      return server.fill()
    },
    'is cut off by a network that swallows everything': async () => {
      network.swallow()
      return network.pass
    },
    'is refused by the network': async () => {
      await network.refuse()
      return network.pass
    }
  }

  for (const [fault, strike] of Object.entries(faults)) {
    t.test(`when it ${fault}, every login is refused within a second, then at once, and goes through within 5 s of its return`, async t => {
      const { store, said } = open(t)
      const verify = (name = 'susan') => store.verify(name, 'right', login())
      // Every connection of the pool is open when it happens.
      await Promise.allSettled(Array.from({ length: 12 }, () => verify()))
      await until(() => verify().then(Boolean, () => false))

      const heal = await strike()
      // More than the pool holds, so that some only wait for a connection.
      await Promise.all(Array.from({ length: 15 }, async (_, index) => {
        await t.rejects(verify(index % 2 ? 'susan' : 'nobody'), { code: 'store-unavailable', options: { retryAfter: 5 } })
      }))
      t.equal(store.ready, false)
      const next = verify()
      t.ok(await settlesAtOnce(next), 'the next one at once')
      await t.rejects(next, { code: 'store-unavailable', options: { retryAfter: 5 } })

      await heal()
      await until(() => verify().then(caller => caller?.name === 'susan', () => false))
      t.equal(store.ready, true)
      t.match(said.slice(-2), [/^DATABASE_URL is unavailable, so nobody can sign in: /, 'DATABASE_URL answers again'])
      t.notMatch(said.join(), server.password)
    })
  }

  /** Sockets of this process that are not the network's own. */
  const sockets = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length - network.taken

  t.test('while it is cut off, connections do not pile up', async t => {
    const { store } = open(t)
    await until(() => sockets() === 0)
    network.swallow()
    t.teardown(network.pass)
    await t.rejects(store.check(), { code: 'store-unavailable' })
    for (let probes = 0; probes < 2; probes++) {
      await until(() => sockets() === 1)
      await until(() => sockets() === 0)
    }
  })

  t.test('closing the store leaves no connection, even where the network swallows the goodbye', async t => {
    const { store } = open(t)
    await until(() => store.verify('susan', 'right', login()).then(Boolean, () => false))
    network.swallow()
    t.teardown(network.pass)
    t.equal(sockets(), 1)
    await store.close()
    await until(() => sockets() === 0)
  })

  t.test('O10: sessions that wait for a lock do not pile up in it', async t => {
    const { store } = open(t, `${server.url()}&application_name=waiting`)
    const unlock = await server.lock('callers')
    const sessions = () => server.count('SELECT count(*) FROM pg_stat_activity WHERE application_name = \'waiting\'')
    await t.rejects(store.check(), { code: 'store-unavailable' })
    await until(async () => await sessions() === 0)
    await until(async () => await sessions() === 1)
    await until(async () => await sessions() === 0)
    await unlock()
  })
})
