import t from 'tap'
import { LockedNames } from '../../src/callers/locked-names.js'

function setUp () {
  const clock = { now: 0 }
  const unlocked = new Map<string, string>()
  const names = new LockedNames({ unlockedAt: name => unlocked.get(name), nameOf: typed => typed === 'Susan' ? typed : undefined, now: () => clock.now })
  return { clock, unlocked, names }
}

t.test('locks are listed until they end, those of callers first, then the last refused one first', t => {
  const { clock, names } = setUp()
  names.add('ghost', 'GHOST', '192.0.2.1', 10)
  names.add('Susan', 'SUSAN', undefined, 20)
  names.add('Susan', 'SUSAN', '192.0.2.1', 30)
  clock.now = 5000
  names.add('ghost', 'GHOST', '192.0.2.1', 5)
  t.strictSame(names.list(), [
    { canonicalName: 'SUSAN', name: 'Susan', address: '192.0.2.1', leftMs: 25_000 },
    { canonicalName: 'SUSAN', name: 'Susan', address: undefined, leftMs: 15_000 },
    { canonicalName: 'GHOST', name: undefined, address: '192.0.2.1', leftMs: 5000 }
  ])
  clock.now = 10_000
  t.strictSame(names.list().map(({ canonicalName }) => canonicalName), ['SUSAN', 'SUSAN'])
  clock.now = 30_000
  t.strictSame(names.list(), [])
  t.end()
})

t.test('a caller is named also where its name was last typed in another spelling', t => {
  const { names } = setUp()
  names.add('susan', 'SUSAN', undefined, 10)
  t.equal(names.list()[0]!.name, undefined, 'not known to be a caller yet')
  names.add('Susan', 'SUSAN', undefined, 10)
  names.add('susan', 'SUSAN', undefined, 10)
  t.equal(names.list()[0]!.name, 'Susan')
  t.end()
})

t.test('a name that an operator unlocks is gone, until it is locked anew', t => {
  const { unlocked, names } = setUp()
  names.add('Susan', 'SUSAN', '192.0.2.1', 100)
  unlocked.set('SUSAN', '2026-11-24T04:00:00.000Z')
  t.strictSame(names.list(), [])
  names.add('Susan', 'SUSAN', '192.0.2.1', 100)
  t.equal(names.list().length, 1)
  t.end()
})

t.test('of any number of locked names, the last thousand are kept', t => {
  const { names } = setUp()
  for (let i = 0; i < 5000; i++) names.add(`name-${i}`, `NAME-${i}`, '192.0.2.1', 900)
  const list = names.list()
  t.strictSame([list.length, list[0]!.canonicalName, list.at(-1)!.canonicalName], [1000, 'NAME-4999', 'NAME-4000'])
  t.end()
})

t.test('invented names do not hide that a caller is locked', t => {
  const { names } = setUp()
  names.add('Susan', 'SUSAN', '192.0.2.1', 900)
  for (let i = 0; i < 5000; i++) names.add(`name-${i}`, `NAME-${i}`, '192.0.2.1', 900)
  const list = names.list()
  t.strictSame([list.length, list[0]!.name, list[1]!.canonicalName], [1000, 'Susan', 'NAME-4999'])
  t.end()
})

t.test('of any number of callers, the last thousand are kept', t => {
  const { names } = setUp()
  for (let i = 0; i < 1500; i++) names.add('Susan', 'SUSAN', `192.0.2.${i}`, 900)
  const list = names.list()
  t.strictSame([list.length, list[0]!.address, list.at(-1)!.address], [1000, '192.0.2.1499', '192.0.2.500'])
  t.end()
})
