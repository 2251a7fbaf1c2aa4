import t from 'tap'
import { problem } from '../../src/problems.js'
import { desk, right, wrong } from '../helpers/desk.js'
import { limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

t.test('who hangs up', t => {
  const gone = new Error('gone')

  t.test('gets no caller, whatever the store answers later, and a wrong password is still one', async t => {
    for (const [password, outcome] of [[right, gone], ['wrong', wrong]] as const) {
      const { login, store } = desk({ failuresMax: 2 })
      const caller = new AbortController()
      store.hold()
      const attempt = login('susan', password, home, caller.signal)
      caller.abort(gone)
      store.release()
      await t.rejects(attempt, outcome)
      await t.resolves(login())
      t.equal(store.asked.length, 2, 'nothing was remembered')
    }
  })

  t.test('has guessed all the same, and keeps the place until the store has answered, so that hanging up buys no more hashes', async t => {
    const { login, store } = desk()
    store.hold()
    const attempts = []
    for (let i = 0; i < 50; i++) {
      const caller = new AbortController()
      attempts.push(t.rejects(login('susan', `guess ${i}`, home, caller.signal), i < 5 ? wrong : gone))
      caller.abort(gone)
    }
    await settle()
    t.equal(store.asked.length, 5)
    store.release()
    await Promise.all(attempts)
    await t.rejects(login(), limited)
    await t.resolves(login('susan', right, elsewhere))
  })

  t.test('while waiting for a hash has guessed, as what is remembered would have been answered at once', async t => {
    const { login, store } = desk()
    await login()
    store.answerWith = ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    for (let i = 0; i < 5; i++) {
      const caller = new AbortController()
      const attempt = login('susan', `guess ${i}`, home, caller.signal)
      caller.abort(gone)
      t.equal(await attempt.catch(error => error), gone)
    }
    await t.rejects(login(), limited)
  })

  t.test('before the store is asked costs no look-up', async t => {
    const { login, store } = desk({ failuresMax: 1 })
    await t.rejects(login('susan', right, home, AbortSignal.abort(gone)), gone)
    t.equal(store.asked.length, 0)
    await t.resolves(login())
  })

  t.test('while the store refuses is refused, and has guessed', async t => {
    const { login, store } = desk({ failuresMax: 1 })
    const caller = new AbortController()
    store.answerWith = () => {
      caller.abort(gone)
      throw problem('credentials-wrong')
    }
    await t.rejects(login('susan', right, home, caller.signal), wrong)
    await t.rejects(login(), limited)
  })

  t.end()
})
