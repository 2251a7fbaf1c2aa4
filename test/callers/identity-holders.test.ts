import t from 'tap'
import { IdentityHolders } from '../../src/callers/identity-holders.js'
import { clock } from '../helpers/clock.js'

const caller = (name: string) => ({ name, identity: name })
const nobody = () => false

t.test('an identity is held for a day from its last token', async t => {
  const { now, pass } = clock()
  const holders = new IdentityHolders(nobody, { perf: { now } })
  const hour = 3_600_000
  t.ok(holders.claim(caller('susan'), 'x'))
  pass(23 * hour)
  t.notOk(holders.claim(caller('jwt:eve'), 'x'))
  t.ok(holders.claim(caller('susan'), 'x'))
  pass(23 * hour)
  t.notOk(holders.claim(caller('jwt:eve'), 'x'))
  pass(2 * hour)
  t.ok(holders.claim(caller('jwt:eve'), 'x'))
})

t.test('memory is bounded: the identities that were unused for longest are forgotten', async t => {
  const holders = new IdentityHolders(nobody, { max: 2 })
  for (const identity of ['a', 'b', 'c']) t.ok(holders.claim(caller('susan'), identity))
  t.notOk(holders.claim(caller('jwt:eve'), 'b'))
  t.ok(holders.claim(caller('jwt:eve'), 'a'))
})

t.test('a caller that changes between identities holds all of them', async t => {
  const holders = new IdentityHolders(nobody)
  const susan = caller('susan')
  for (const identity of ['a', 'a', 'b', 'a']) t.ok(holders.claim(susan, identity))
  for (const identity of ['a', 'b']) t.notOk(holders.claim(caller('jwt:eve'), identity), identity)
  t.ok(holders.claim(caller('jwt:eve'), 'c'))
})
