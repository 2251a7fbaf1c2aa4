import t from 'tap'
import { problem } from '../../src/problems.js'
import { desk, right } from '../helpers/desk.js'
import { limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

t.test('who hangs up', t => {
  const gone = new Error('gone')

  t.test('gets no caller, whatever the store answers later', async t => {
    for (const password of [right, 'wrong']) {
      const { login, store } = desk({ failuresMax: 2 })
      const caller = new AbortController()
      store.hold()
      const attempt = login('susan', password, home, caller.signal)
      caller.abort(gone)
      t.equal(await attempt.catch(error => error), gone)
      store.release()
      await settle()
      await t.resolves(login())
      t.equal(store.asked.length, 2, 'nothing was remembered')
    }
  })

  t.test('has guessed all the same, and keeps the place until the store has answered, so that hanging up buys no more hashes', async t => {
    const { login, store } = desk()
    store.hold()
    for (let i = 0; i < 50; i++) {
      const caller = new AbortController()
      const attempt = login('susan', `guess ${i}`, home, caller.signal)
      caller.abort(gone)
      t.equal(await attempt.catch(error => error), gone)
    }
    t.equal(store.asked.length, 5)
    store.release()
    await settle()
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

  t.test('is answered even if the store never is', async t => {
    const { login, store } = desk()
    store.answerWith = () => new Promise(() => {})
    const caller = new AbortController()
    const attempt = login('susan', right, home, caller.signal)
    caller.abort(gone)
    t.equal(await attempt.catch(error => error), gone)
  })

  t.test('while the store refuses gets no refusal, and has guessed', async t => {
    const { login, store } = desk({ failuresMax: 1 })
    const caller = new AbortController()
    store.answerWith = () => {
      caller.abort(gone)
      throw problem('credentials-wrong')
    }
    t.equal(await login('susan', right, home, caller.signal).catch(error => error), gone)
    await t.rejects(login(), limited)
  })

  t.end()
})
