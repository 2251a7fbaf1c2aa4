import t from 'tap'
import { EndedSessions } from '../../../src/callers/session/ended.js'

t.test('a session that was ended stays so, and others go on', async t => {
  const ended = new EndedSessions()
  await ended.add('one', 1000)
  t.equal(ended.has('one'), true)
  t.equal(ended.has('two'), false)
})

t.test('beyond so many, those that were ended first are forgotten', async t => {
  const ended = new EndedSessions(undefined, 3)
  for (const id of ['one', 'two', 'three', 'four']) await ended.add(id, 1000)
  t.same(['one', 'two', 'three', 'four'].map(id => ended.has(id)), [false, true, true, true])
})
