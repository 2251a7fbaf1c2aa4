import t from 'tap'
import { clock } from '../../helpers/clock.js'
import { login } from '../../helpers/login.js'
import { noPostgres } from '../../helpers/postgres.js'
import { another, cheap, postgresStores } from '../../helpers/postgres-store.js'

const query = 'SELECT password AS password_hash, alias AS name, identity FROM callers WHERE name = $1'

t.test('sessions of callers in PostgreSQL', { skip: noPostgres }, async t => {
  const { server, open } = await postgresStores(t)
  const start = async (now?: () => number) => {
    const { store, table, verify, said } = await open(t, [{ name: 'susan', hash: cheap, identity: 'agent 7', alias: 'Susan' }], query, undefined, now)
    const caller = (await verify('susan', 'right'))!
    const find = async (name = 'susan') => store.sessions.find({ login: name, caller }, login())
    return { store, table, said, caller, find, set: (column: string) => server.sql(`UPDATE ${table} SET ${column}`) }
  }

  t.test('stand on the row that the name typed finds', async t => {
    const { store, caller, find } = await start()
    t.equal(store.sessions.kind, 'database')
    const standing = store.sessions.standingOf(caller)!
    t.has(standing, { caller: { name: 'Susan', identity: 'agent 7' } })
    t.match(standing.credential, /^[\w-]{43}$/)
    t.same(await find(), standing)
    t.equal(store.sessions.standingOf({ ...caller }), undefined, 'but only for whom the store has let in')
    t.ok(store.isCurrent({ ...caller }))
    t.equal(await find('Susan'), null)
  })

  const changes: Array<{ what: string, change: string, found: object | null }> = [
    { what: 'another hash', change: `password = '${another}'`, found: {} },
    { what: 'another identity', change: 'identity = \'agent 8\'', found: { caller: { identity: 'agent 8' } } },
    { what: 'another name', change: 'alias = \'Zoe\'', found: { caller: { name: 'Zoe' } } },
    { what: 'a hash that cannot be verified', change: 'password = \'x\'', found: null },
    { what: 'no hash', change: 'password = NULL', found: null },
    { what: 'another login name', change: 'name = \'bob\'', found: null }
  ]
  for (const { what, change, found } of changes) {
    t.test(`see ${what} within a minute`, async t => {
      const { now, pass } = clock()
      const { store, caller, find, set } = await start(now)
      const before = store.sessions.standingOf(caller)
      t.same(await find(), before)
      t.ok(store.isCurrent(caller))
      await set(change)
      pass(59_999)
      t.same(await find(), before, 'one look-up a minute, and the sign-in is one')
      t.ok(store.isCurrent(caller))
      pass(2)
      t.ok(store.isCurrent(caller), 'as far as is known')
      const after = await find()
      if (found === null) t.equal(after, null)
      else t.match(after, found)
      t.notSame(after, before)
      t.notOk(store.isCurrent(caller), 'and a password that is remembered has to be right anew')
    })
  }

  t.test('are looked up anew for who signed in after the last look-up', async t => {
    const { store, caller, find, set } = await start()
    const before = await find()
    await set(`password = '${another}'`)
    t.same(await find(), before)
    const after = await store.sessions.find({ login: 'susan', caller }, login(), Date.now() / 1000 + 1)
    t.notSame(after, before)
    t.same(await find(), after)
  })

  t.test('go on for the rest of their minute while the database is away, and are then an outage', async t => {
    const { now, pass } = clock()
    const { find } = await start(now)
    t.ok(await find())
    await server.stop()
    t.ok(await find())
    pass(60_001)
    await t.rejects(find(), { code: 'store-unavailable' })
    await server.start()
  })
})
