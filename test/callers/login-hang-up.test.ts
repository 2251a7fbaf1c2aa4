import t from 'tap'
import { problem } from '../../src/problems.js'
import { desk, right, wrong } from '../helpers/desk.js'
import { limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'
import type { LoginContext } from '../../src/callers/store.js'

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

  t.test('S81: has guessed all the same, and keeps the place until the store has answered, so that hanging up buys no more hashes', async t => {
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

  /** A login that ends before its hash begins. */
  const leave = async ({ login }: ReturnType<typeof desk>, name: string, ip = home) => {
    const caller = new AbortController()
    const attempt = login(name, 'a guess', ip, caller.signal)
    caller.abort(gone)
    t.equal(await attempt.catch(error => error), gone)
  }
  const neverAsked = ({ signal }: LoginContext) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  t.test('before its hash began locks nobody out and leaves no guess behind, however many do', async t => {
    const counter = desk({ failuresMax: 1, size: 100 })
    counter.store.answerWith = neverAsked
    for (let i = 0; i < 200; i++) await leave(counter, `name ${i}`, `198.18.0.${i}`)
    for (let i = 0; i < 30; i++) await leave(counter, 'susan', i < 10 ? home : `192.0.2.${i}`)
    counter.store.answerWith = undefined
    for (const ip of [home, '192.0.2.20', elsewhere]) await t.resolves(counter.login('susan', right, ip))
  })

  t.test('before its hash began has guessed at what is remembered: from then on that is not compared, and still nobody is locked out', async t => {
    const counter = desk({ failuresMax: 3 })
    const { login, store } = counter
    await login()
    store.answerWith = neverAsked
    for (let i = 0; i < 2; i++) await leave(counter, 'susan')
    t.has(await login(), { name: 'susan' }, 'the short cut is there')
    t.equal(store.asked.length, 3)
    await leave(counter, 'susan')
    store.answerWith = undefined
    t.has(await login(), { name: 'susan' })
    t.equal(store.asked.length, 5, 'a hash decides')
    await t.resolves(login('susan', right, elsewhere))
    t.equal(store.asked.length, 5, 'not at another address')
  })

  t.test('leaves the short cut to those at home, however many leave elsewhere', async t => {
    const counter = desk({ failuresMax: 1 })
    const { login, store } = counter
    await login()
    store.answerWith = neverAsked
    for (let i = 0; i < 25; i++) await leave(counter, 'susan', `198.51.100.${i + 10}`)
    await login()
    t.equal(store.asked.length, 26)
    store.answerWith = undefined
    await login('susan', right, elsewhere)
    t.equal(store.asked.length, 27, 'a new address waits for a hash')
    await login('susan', right, elsewhere)
    t.equal(store.asked.length, 27, 'and is at home from then on')
  })

  t.test('together with others has no more guesses than one after the other', async t => {
    const counter = desk({ failuresMax: 3 })
    const { login, store } = counter
    await login()
    store.answerWith = neverAsked
    await leave(counter, 'susan')
    const callers = [1, 2].map(() => new AbortController())
    const attempts = callers.map(({ signal }) => login('susan', 'a guess', home, signal).catch(() => {}))
    store.answerWith = undefined
    t.has(await login(), { name: 'susan' })
    t.equal(store.asked.length, 5, 'with two under way and one gone, a third is not compared')
    for (const caller of callers) caller.abort(gone)
    await Promise.all(attempts)
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
