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

t.test('where nodes share what was ended, a node that did not see the end asks for it', async t => {
  const marked = new Set<string>()
  const shared = {
    set: async (name: string, text: string) => { marked.add(`${name} ${text}`) },
    has: async (name: string, text: string) => marked.has(`${name} ${text}`),
    setOnce: async () => true
  }
  const [here, there] = [new EndedSessions(shared), new EndedSessions(shared)]
  await here.add('one', 1000)
  t.equal(here.has('one'), true)
  t.equal(await there.has('one'), true)
  t.equal(await there.has('two'), false)
})
