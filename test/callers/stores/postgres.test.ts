import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { hash as bcrypt } from '@node-rs/bcrypt'
import t from 'tap'
import { noPostgres } from '../../helpers/postgres.js'
import { another, cheap, postgresStores, type CallerRow } from '../../helpers/postgres-store.js'

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
const salt = Buffer.from('salt of 16 bytes')

const forms = {
  'pbkdf2_sha256, as Django writes it': `pbkdf2_sha256$1000$saltOfDjango$${pbkdf2Sync('right', 'saltOfDjango', 1000, 32, 'sha256').toString('base64')}`,
  bcrypt: await bcrypt('right', 4),
  argon2id: cheap,
  scrypt: `$scrypt$ln=4,r=8,p=1$${base64(salt)}$${base64(scryptSync('right', salt, 32, { N: 16, r: 8, p: 1 }))}`
}

t.test('PostgreSQL', { skip: noPostgres }, async t => {
  const { server, open, cause } = await postgresStores(t)

  for (const [form, hash] of Object.entries(forms)) {
    t.test(`a hash of ${form} is verified`, async t => {
      const { verify } = await open(t, [{ name: 'susan', hash }])
      t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'susan', asTyped: true })
      t.equal(await verify('susan', 'wrong'), null)
    })
  }

  t.test('the identity is the column\'s, and the name where it is null or left out', async t => {
    const { verify } = await open(t, [{ name: 'susan', hash: cheap, identity: 'agent 7' }, { name: 'juan', hash: cheap }])
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'agent 7', asTyped: true })
    t.strictSame(await verify('juan', 'right'), { name: 'juan', identity: 'juan', asTyped: true })
    const { verify: without } = await open(t, [{ name: 'susan', hash: cheap, identity: 'agent 7' }], 'SELECT password AS password_hash FROM callers WHERE name = $1')
    t.strictSame(await without('susan', 'right'), { name: 'susan', identity: 'susan', asTyped: true })
  })

  t.test('an identity of another type is taken as the database writes it', async t => {
    const { verify } = await open(t, [{ name: 'susan', hash: cheap }], 'SELECT password AS password_hash, 7 AS identity FROM callers WHERE name = $1')
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: '7', asTyped: true })
  })

  t.test('an empty identity is nobody\'s', async t => {
    const { verify } = await open(t, [{ name: 'susan', hash: cheap, identity: '' }])
    t.equal(await cause(t, verify('susan', 'right')), 'USERS_QUERY answered an identity that is not a text, or is empty')
    t.equal(await verify('susan', 'wrong'), null)
  })

  const clashes: Record<string, CallerRow[]> = {
    'two callers with one identity': [{ name: 'susan', hash: cheap, identity: 'agent' }, { name: 'juan', hash: another, identity: 'agent' }],
    'an identity that is another caller\'s name': [{ name: 'susan', hash: cheap }, { name: 'juan', hash: another, identity: 'susan' }]
  }
  for (const [name, rows] of Object.entries(clashes)) {
    t.test(`of ${name} the second does not get in`, async t => {
      const { verify, store } = await open(t, rows)
      t.ok(await verify('susan', 'right'))
      t.match(await cause(t, verify('juan', 'right')), /^USERS_QUERY gave a caller the name or identity of another one/)
      t.equal(await verify('juan', 'wrong'), null, 'which only a right password finds out')
      t.ok(await verify('susan', 'right'))
      t.equal(store.ready, true)
    })
  }

  t.test('a table that takes Susan for susan has one caller, not two with one identity', async t => {
    const { verify } = await open(t, [{ name: 'susan', hash: cheap, identity: 'agent 7' }], 'SELECT password AS password_hash, identity FROM callers WHERE lower(name) = lower($1)')
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'agent 7', asTyped: true })
    t.strictSame(await verify('Susan', 'right'), { name: 'Susan', identity: 'agent 7', asTyped: true })
  })

  t.test('a caller is called what the column name says, however the login spelt it', async t => {
    const { verify, said } = await open(t, [{ name: 'Susan', hash: cheap, identity: 'agent 7', alias: 'susan@example.com' }], 'SELECT name, password AS password_hash, identity FROM callers WHERE lower(name) = lower($1) OR alias = $1')
    for (const login of ['susan', 'SUSAN', 'Susan', 'susan@example.com']) t.strictSame(await verify(login, 'right'), { name: 'Susan', identity: 'agent 7' })
    t.same(said.filter(text => / no "name"/.test(text)), [])
  })

  t.test('where the column name is null, the caller is called what was typed', async t => {
    const { verify } = await open(t, [{ name: 'Susan', hash: cheap }], 'SELECT NULL AS name, password AS password_hash, identity FROM callers WHERE lower(name) = lower($1)')
    t.strictSame(await verify('susan', 'right'), { name: 'susan', identity: 'susan', asTyped: true })
  })

  t.test('two callers whom the column name tells apart do not share an identity', async t => {
    const { verify } = await open(t, [{ name: 'josé', hash: cheap, identity: 'agent' }, { name: 'jose', hash: another, identity: 'agent' }], 'SELECT name, password AS password_hash, identity FROM callers WHERE name = $1')
    t.ok(await verify('josé', 'right'))
    t.match(await cause(t, verify('jose', 'right')), /the name or identity of another one/)
  })

  t.test('one row that is found by two login names is one caller, also after its password changed', async t => {
    const { verify, table } = await open(t, [{ name: 'susan', hash: cheap, identity: 'agent 7', alias: 'susan@example.com' }], 'SELECT password AS password_hash, identity FROM callers WHERE name = $1 OR alias = $1')
    const both = async () => { for (const login of ['susan', 'susan@example.com']) t.has(await verify(login, 'right'), { identity: 'agent 7' }) }
    await both()
    await server.sql(`UPDATE ${table} SET password = '${another}'`)
    await both()
  })

  t.test('a row whose login name is changed keeps its identity', async t => {
    const { verify, table } = await open(t, [{ name: 'susan', hash: cheap, identity: 'agent 7' }], 'SELECT name, password AS password_hash, identity FROM callers WHERE name = $1')
    t.ok(await verify('susan', 'right'))
    await server.sql(`UPDATE ${table} SET name = 'susan2'`)
    t.has(await verify('susan2', 'right'), { name: 'susan2', identity: 'agent 7' })
  })

  const outages = [
    {
      name: 'identity with a line break',
      query: "SELECT password AS password_hash, E'agent\n7' AS identity FROM callers WHERE name = $1",
      message: /^USERS_QUERY answered an identity with a control character/
    },
    {
      name: 'name that no caller can have',
      query: "SELECT 'a:b' AS name, password AS password_hash FROM callers WHERE name = $1",
      message: /^USERS_QUERY answered a name that no caller can have: a name holds none of/
    }
  ]
  for (const { name, query, message } of outages) {
    t.test(`a ${name} is an outage, and only for the right password`, async t => {
      const { verify } = await open(t, [{ name: 'susan', hash: cheap }], query)
      t.match(await cause(t, verify('susan', 'right')), message)
      t.equal(await verify('susan', 'wrong'), null)
    })
  }

  t.test('a caller without a hash has no password, at the cost of one', async t => {
    const { verify, queue, said } = await open(t, [{ name: 'susan', hash: null }])
    for (const password of ['', 'null', 'right']) t.equal(await verify('susan', password), null)
    t.equal(queue.hashes, 3)
    t.same(said, [])
  })

  t.test('a caller whose hash is of a form that is not verified is answered like an unknown one, and the log names the form once', async t => {
    const { verify, queue, said } = await open(t, [{ name: 'susan', hash: '$apr1$saltsalt$abcdefghijklmnopqrstuv' }, { name: 'juan', hash: '$apr1$saltsalt$abcdefghijklmnopqrstuv' }])
    for (const name of ['susan', 'susan', 'juan', 'nobody']) t.equal(await verify(name, 'right'), null)
    t.equal(queue.hashes, 4)
    t.match(said, [/^a caller cannot sign in, .*apr1 \(MD5\) is not accepted; .*pbkdf2_sha256/])
    t.equal(said.length, 1)
    t.notMatch(said[0], /saltsalt|abcdef|susan|juan/)
  })

  t.test('weak hashes are verified, and the log says so once', async t => {
    const { verify, said } = await open(t, [{ name: 'susan', hash: forms.bcrypt }])
    await verify('susan', 'wrong')
    t.ok(await verify('susan', 'right'))
    t.same(said.filter(text => /weak/.test(text)).length, 1)
    t.match(said[0], /a hash .* is weak: bcrypt/)
  })

  t.test('an unknown name costs the default hash at first, then what the callers cost that were looked up, in their proportions', async t => {
    const known: CallerRow[] = []
    for (let i = 0; i < 20; i++) known.push({ name: `caller${i}`, hash: i % 4 === 0 ? await bcrypt('right', 5) : await bcrypt('right', 4) })
    const { verify, verified } = await open(t, [...known, { name: 'none', hash: null }])
    const parameters = async (name: string) => {
      verified.length = 0
      await verify(name, 'wrong')
      return verified.map(hash => /^\$2y\$\d\d|^\$argon2id.*p=1/.exec(hash)?.[0]).join()
    }
    t.equal(await parameters('nobody'), '$argon2id$v=19$m=19456,t=2,p=1')
    await parameters('caller1')
    t.equal(await parameters('nobody'), '$2y$04')
    t.equal(await parameters('none'), '$2y$04', 'a caller without a hash is as unknown')
    // Who is asked for again and again counts once.
    for (let i = 0; i < 50; i++) await parameters('caller0')
    for (const { name } of known) await parameters(name)
    const costs = []
    for (let i = 0; i < 200; i++) costs.push(await parameters(`nobody${i}`))
    const costly = costs.filter(cost => cost === '$2y$05').length
    t.ok(costly > 20 && costly < 80, `a quarter is costly: ${costly} of 200`)
    for (let i = 0; i < 20; i++) t.equal(await parameters(`nobody${i}`), costs[i], 'always the same')
  })

  t.test('S94: all spellings of a name cost the same, whether or not it is known and the table takes them for one', async t => {
    const rows = [
      { name: 'four', hash: await bcrypt('right', 4) },
      { name: 'five', hash: await bcrypt('right', 5) },
      { name: 'susan', hash: await bcrypt('right', 4) }
    ]
    for (const compares of ['name = $1', 'lower(name) = lower($1)']) {
      const { verify, verified } = await open(t, rows, `SELECT password AS password_hash FROM callers WHERE ${compares}`)
      const costs = async (name: string) => {
        await verify(name, 'wrong')
        return verified.at(-1)!.slice(0, '$2y$04'.length)
      }
      for (const name of ['four', 'five']) await costs(name)
      for (let i = 0; i < 20; i++) t.equal(await costs(`Nobody${i}`), await costs(`nobody${i}`))
      for (const name of ['susan', 'Susan', 'SUSAN', 'Five', 'FOUR']) t.equal(await costs(name), await costs(name.toLowerCase()), `${name}, by ${compares}`)
    }
  })

  t.test('a caller whose hash becomes another is counted with that', async t => {
    const { verify, verified, server, table } = await open(t, [{ name: 'susan', hash: await bcrypt('right', 4) }])
    await verify('susan', 'wrong')
    await server.sql(`UPDATE ${table} SET password = '${await bcrypt('right', 5)}'`)
    await verify('susan', 'wrong')
    for (let i = 0; i < 20; i++) {
      await verify(`nobody${i}`, 'wrong')
      t.match(verified.at(-1), /^\$2y\$05/)
    }
  })

  t.test('several rows for one name are no answer', async t => {
    const { verify, store } = await open(t, [{ name: 'susan', hash: cheap }, { name: 'susan', hash: cheap }])
    for (let times = 0; times < 6; times++) t.equal(await cause(t, verify('susan', 'right')), 'USERS_QUERY finds several callers under one name')
    t.equal(store.ready, true, 'and no outage for the others')
  })

  t.test('a name that a column cannot hold is unknown, at the cost of one hash', async t => {
    const { verify, queue, store } = await open(t, [{ name: '7', hash: cheap }], 'SELECT password AS password_hash FROM callers WHERE name::int = $1')
    for (const name of ['susan', '99999999999', '\0']) t.equal(await verify(name, 'right'), null)
    t.ok(await verify('7', 'right'))
    t.equal(queue.hashes, 4)
    t.same(await store.check(), [])
  })

  t.test('what a caller is called never becomes part of the query', async t => {
    const { verify, table } = await open(t, [{ name: 'susan', hash: cheap }])
    for (const name of [`'; DROP TABLE ${table}; --`, '\' OR true --', '$1', '\\']) t.equal(await verify(name, 'right'), null)
    t.ok(await verify('susan', 'right'))
  })

  t.test('a remembered login is current, for as long as a minute', async t => {
    const { store } = await open(t, [{ name: 'susan', hash: cheap }])
    t.equal(store.cacheMs, 60_000)
    t.equal(store.isCurrent({ name: 'susan', identity: 'susan' }), true)
  })
})
