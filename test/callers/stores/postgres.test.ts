import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { hash as bcrypt } from '@node-rs/bcrypt'
import t from 'tap'
import { noPostgres } from '../../helpers/postgres.js'
import { cheap, postgresStores } from '../../helpers/postgres-store.js'

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
const salt = Buffer.from('salt of 16 bytes')

const forms = {
  'pbkdf2_sha256, as Django writes it': `pbkdf2_sha256$1000$saltOfDjango$${pbkdf2Sync('right', 'saltOfDjango', 1000, 32, 'sha256').toString('base64')}`,
  bcrypt: await bcrypt('right', 4),
  argon2id: cheap,
  scrypt: `$scrypt$ln=4,r=8,p=1$${base64(salt)}$${base64(scryptSync('right', salt, 32, { N: 16, r: 8, p: 1 }))}`
}

t.test('PostgreSQL', { skip: noPostgres }, async t => {
  const { open, cause } = await postgresStores(t)

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

  t.test('an unknown name costs the default hash at first, then what the callers cost that were looked up, in their proportions', async t => {
    const known: Array<[string, string | null]> = []
    for (let i = 0; i < 20; i++) known.push([`caller${i}`, i % 4 === 0 ? await bcrypt('right', 5) : await bcrypt('right', 4)])
    const { verify, verified } = await open(t, [...known, ['none', null]])
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
    for (const [name] of known) await parameters(name)
    const costs = []
    for (let i = 0; i < 200; i++) costs.push(await parameters(`nobody${i}`))
    const costly = costs.filter(cost => cost === '$2y$05').length
    t.ok(costly > 20 && costly < 80, `a quarter is costly: ${costly} of 200`)
    for (let i = 0; i < 20; i++) t.equal(await parameters(`nobody${i}`), costs[i], 'always the same')
  })

  t.test('all spellings of a name cost the same, whether or not it is known and the table takes them for one', async t => {
    const rows: Array<[string, string]> = [['four', await bcrypt('right', 4)], ['five', await bcrypt('right', 5)], ['susan', await bcrypt('right', 4)]]
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
    const { verify, verified, server, table } = await open(t, [['susan', await bcrypt('right', 4)]])
    await verify('susan', 'wrong')
    await server.sql(`UPDATE ${table} SET password = '${await bcrypt('right', 5)}'`)
    await verify('susan', 'wrong')
    for (let i = 0; i < 20; i++) {
      await verify(`nobody${i}`, 'wrong')
      t.match(verified.at(-1), /^\$2y\$05/)
    }
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

  t.test('what a caller is called never becomes part of the query', async t => {
    const { verify, table } = await open(t, [['susan', cheap]])
    for (const name of [`'; DROP TABLE ${table}; --`, '\' OR true --', '$1', '\\']) t.equal(await verify(name, 'right'), null)
    t.ok(await verify('susan', 'right'))
  })

  t.test('a remembered login is current, for as long as a minute', async t => {
    const { store } = await open(t, [['susan', cheap]])
    t.equal(store.rememberFor, 60_000)
    t.equal(store.isCurrent({ name: 'susan', identity: 'susan' }), true)
  })
})
