import t from 'tap'
import { FakeStore } from '../fakes/store.js'
import { desk, outcomes } from '../helpers/desk.js'
import { home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

t.test('a thousand logins at once, right, wrong and hung up: each answer is its own caller\'s', async t => {
  const names = Array.from({ length: 50 }, (_, i) => `caller-${i}`)
  const { login, store } = desk({ store: new FakeStore(Object.fromEntries(names.map(name => [name, `password of ${name}`]))), failuresMax: 1000 })
  const running = Array.from({ length: 64 }, async (_, lane) => {
    for (let i = lane; i < 1000; i += 64) {
      const name = names[i % 50]!
      const kind = i % 5
      const caller = new AbortController()
      const attempt = login(name, kind === 1 ? `password of ${names[(i + 1) % 50]}` : `password of ${name}`, home, caller.signal)
      if (kind === 2) setImmediate(() => caller.abort(new Error('gone')))
      const [outcome] = await outcomes([attempt])
      if (kind === 1) t.equal(outcome, 'credentials-wrong')
      else if (kind === 2) t.ok(outcome === name || outcome === 'Error: gone')
      else t.equal(outcome, name)
    }
  })
  store.answerWith = async ({ name, password }) => {
    await settle()
    if (name.length % 2 === 0) await settle()
    return password === `password of ${name}` ? { name, identity: name } : null
  }
  await Promise.all(running)
})

t.test('no result is shared between logins that differ in name or password', async t => {
  const { login, store } = desk({ store: new FakeStore({ ab: 'c', a: 'bc' }), failuresMax: 1000 })
  store.hold()
  const rows = [
    { name: 'ab', password: 'c', outcome: 'ab' },
    { name: 'a', password: 'bc', outcome: 'a' },
    { name: 'abc', password: '', outcome: 'credentials-wrong' },
    { name: 'a', password: 'c', outcome: 'credentials-wrong' }
  ]
  const logins = Array.from({ length: 200 }, (_, i) => rows[i % 4]!)
  const all = outcomes(logins.map(({ name, password }) => login(name, password)))
  await settle()
  store.release()
  t.strictSame(await all, logins.map(({ outcome }) => outcome))
})
