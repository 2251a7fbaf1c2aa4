import t from 'tap'
import { desk, outcomes, right, wrong } from '../helpers/desk.js'
import { limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'
import { settle } from '../helpers/settle.js'

t.test('guesses', t => {
  t.test('S71: of 100 at once, the limit reaches the store', async t => {
    for (const name of ['susan', 'nobody']) {
      const { login, store } = desk()
      store.hold()
      const all = outcomes(Array.from({ length: 100 }, (_, i) => login(name, `guess ${i}`)))
      await settle()
      store.release()
      const codes = await all
      t.equal(store.asked.length, 5)
      t.equal(codes.filter(code => code === 'credentials-wrong').length, 5)
      t.equal(codes.filter(code => code === 'login-limited').length, 95)
    }
  })

  t.test('are not tried against memory beyond the limit, one after the other or at once', async t => {
    const { login, store } = desk()
    await login()
    store.hold()
    const guesses = outcomes([...Array.from({ length: 100 }, (_, i) => login('susan', `guess ${i}`)), login()])
    await settle()
    store.release()
    t.strictSame((await guesses).at(-1), 'login-limited')
    await t.rejects(login(), limited)
    await t.resolves(login('susan', right, elsewhere))
  })

  t.test('that stop a name stop the right password from a new address too, remembered or not', async t => {
    const { login, store } = desk({ failuresMax: 1 })
    await login()
    for (let i = 0; i < 20; i++) await t.rejects(login('susan', 'wrong', `198.51.100.${i}`), wrong)
    await t.rejects(login('susan', right, '203.0.113.1'), limited)
    await t.resolves(login('susan', right, home), 'not at home')
    t.equal(store.asked.length, 21)
  })

  t.test('an address that is only remembered has logged in recently as well', async t => {
    const { login } = desk({ failuresMax: 1 })
    await login('susan', right, home)
    await login('susan', right, elsewhere)
    for (let i = 0; i < 20; i++) await t.rejects(login('susan', 'wrong', `203.0.113.${i}`), wrong)
    await t.resolves(login('susan', right, elsewhere))
  })

  t.test('and right passwords at once: those that wait are let in from memory', async t => {
    const { login, store } = desk()
    store.hold()
    const all = outcomes(Array.from({ length: 100 }, () => login()))
    await settle()
    store.release()
    t.strictSame(await all, Array(100).fill('susan'))
    t.equal(store.asked.length, 5)
  })

  t.end()
})
