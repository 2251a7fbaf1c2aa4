import t from 'tap'
import { problem } from '../../src/problems.js'
import { FakeStore } from '../fakes/store.js'
import { desk, right, susan, wrong } from '../helpers/desk.js'
import { limited } from '../helpers/guarded.js'
import { elsewhere, home } from '../helpers/login.js'

t.test('a right name and password are a caller; anything else is none', async t => {
  const { login, store } = desk()
  t.same(await login(), susan)
  await t.rejects(login('susan', 'wrong'), wrong)
  await t.rejects(login('juan', right), wrong)
  t.has(store.asked[0], { name: 'susan', password: right, ip: home })
})

t.test('S115: what nobody is called or types costs no look-up and no guess', async t => {
  const { login, store } = desk({ failuresMax: 1 })
  for (const name of ['', 'a:b', ' susan', 'su\0san', '\ud800', 'x'.repeat(5000)]) await t.rejects(login(name, right), wrong)
  for (const password of ['', 'a\nb', '\udfff', 'x'.repeat(5000)]) await t.rejects(login('susan', password), wrong)
  t.equal(store.asked.length, 0)
  await t.resolves(login())
})

t.test('other spellings of the same text are the same login', async t => {
  const { login, store } = desk({ store: new FakeStore({ josé: 'caf\u00e9 noir' }) })
  await login('jose\u0301', 'cafe\u0301 noir')
  t.has(store.asked, [{ name: 'jos\u00e9', password: 'caf\u00e9 noir' }])
  await login('jos\u00e9', 'caf\u00e9 noir')
  t.equal(store.asked.length, 1)
})

t.test('only the first of many logins costs a hash, and the others need no waiting', async t => {
  const { login, logins, store } = desk()
  await login()
  const again = logins.login('susan', right, { ip: elsewhere, signal: new AbortController().signal })
  t.notOk(again instanceof Promise)
  t.same(again, susan)
  t.equal(store.asked.length, 1)
})

t.test('a wrong password for a remembered name costs a hash, and does not push out the right one', async t => {
  const { login, store } = desk()
  await login()
  await t.rejects(login('susan', 'wrong'), wrong)
  t.equal(store.asked.length, 2)
  await login()
  t.equal(store.asked.length, 2)
})

t.test('a caller who was removed, or has a new password, is not remembered', async t => {
  const { login, store } = desk()
  await login()
  store.set('susan', 'new password')
  await t.rejects(login(), wrong)
  await login('susan', 'new password')
  store.remove('susan')
  await t.rejects(login('susan', 'new password'), wrong)
})

t.test('S15: an answer that is no caller never lets anyone in', async t => {
  const answers: Array<{ name: string, answer: () => unknown, code: string }> = [
    { name: 'null', answer: () => null, code: 'credentials-wrong' },
    { name: 'undefined', answer: () => undefined, code: 'store-unavailable' },
    { name: 'false', answer: () => false, code: 'store-unavailable' },
    { name: 'true', answer: () => true, code: 'store-unavailable' },
    { name: 'the name', answer: () => 'susan', code: 'store-unavailable' },
    { name: 'an empty object', answer: () => ({}), code: 'store-unavailable' },
    { name: 'no identity', answer: () => ({ name: 'susan' }), code: 'store-unavailable' },
    { name: 'an empty identity', answer: () => ({ name: 'susan', identity: '' }), code: 'store-unavailable' },
    { name: 'an identity that is no text', answer: () => ({ name: 'susan', identity: 7 }), code: 'store-unavailable' },
    { name: 'an empty name', answer: () => ({ name: '', identity: 'susan' }), code: 'store-unavailable' },
    { name: 'an error', answer: () => { throw new Error('ECONNREFUSED') }, code: 'store-unavailable' },
    { name: 'a rejection with undefined', answer: () => Promise.reject(undefined), code: 'store-unavailable' }, // eslint-disable-line prefer-promise-reject-errors
    { name: 'an outage', answer: () => { throw problem('store-unavailable', { retryAfter: 3 }) }, code: 'store-unavailable' },
    { name: 'a full queue', answer: () => { throw problem('overloaded') }, code: 'overloaded' },
    { name: 'a refusal that is thrown', answer: () => { throw problem('credentials-wrong') }, code: 'credentials-wrong' }
  ]
  for (const { name, answer, code } of answers) {
    await t.test(name, async t => {
      const { login, store } = desk({ failuresMax: 1 })
      store.answerWith = answer
      await t.rejects(login(), { code })
      store.answerWith = undefined
      if (code === 'credentials-wrong') await t.rejects(login(), limited, 'it counts as a wrong password')
      else await t.resolves(login(), 'it is no wrong password')
    })
  }
})

t.test('a store that throws before it answers is an outage, told with its cause', async t => {
  const { login, store } = desk()
  const cause = new Error('broken')
  store.verify = () => { throw cause }
  await t.rejects(login(), { code: 'store-unavailable', cause, options: { retryAfter: 5 } })
})

t.test('what the store says of an outage reaches the caller as it is', async t => {
  const { login, store } = desk()
  const outage = problem('store-unavailable', { retryAfter: 3 })
  store.answerWith = () => { throw outage }
  t.equal(await login().catch(error => error), outage)
})
