import t from 'tap'
import { Guard, guessCounters } from '../../src/callers/guard.js'
import { Logins } from '../../src/callers/login.js'
import type { Caller } from '../../src/callers/store.js'
import { Verified } from '../../src/callers/verified.js'
import { memory } from '../../src/limits/memory.js'
import { Problem, problem } from '../../src/problems.js'
import { FakeStore } from '../fakes/store.js'

const right = 'correct horse'
const susan = { name: 'susan', identity: 'susan' }
const home = '192.0.2.1'
const elsewhere = '198.51.100.1'

function desk ({ store = new FakeStore(), failuresMax = 5 } = {}) {
  const guard = new Guard({ ...guessCounters(memory), failuresMax })
  const logins = new Logins({ store, guard })
  const login = async (name = 'susan', password = right, ip = home, signal = new AbortController().signal) =>
    await logins.login(name, password, { ip, signal })
  return { store, guard, logins, login }
}

/** Lets everything happen that needs no time. */
const settle = () => new Promise(resolve => setImmediate(resolve))

/** What came of each login: the identity, or the refusal's code. */
async function outcomes (logins: Array<Promise<Caller>>): Promise<string[]> {
  return await Promise.all(logins.map(login => login.then(({ identity }) => identity, error => error instanceof Problem ? error.code : `${error}`)))
}

const wrong = { code: 'credentials-wrong', status: 401 }
const limited = { code: 'login-limited', status: 429 }

t.test('a right name and password are a caller; anything else is none', async t => {
  const { login, store } = desk()
  t.same(await login(), susan)
  await t.rejects(login('susan', 'wrong'), wrong)
  await t.rejects(login('juan', right), wrong)
  t.match(store.asked[0], { name: 'susan', password: right, ip: home })
})

t.test('what nobody is called or types costs no look-up and no guess', async t => {
  const { login, store } = desk({ failuresMax: 1 })
  for (const name of ['', 'a:b', ' susan', 'su\0san', '\ud800', 'x'.repeat(5000)]) await t.rejects(login(name, right), wrong)
  for (const password of ['', 'a\nb', '\udfff', 'x'.repeat(5000)]) await t.rejects(login('susan', password), wrong)
  t.equal(store.asked.length, 0)
  await t.resolves(login())
})

t.test('other spellings of the same text are the same login', async t => {
  const { login, store } = desk({ store: new FakeStore({ josé: 'caf\u00e9 noir' }) })
  await login('jose\u0301', 'cafe\u0301 noir')
  t.match(store.asked, [{ name: 'jos\u00e9', password: 'caf\u00e9 noir' }])
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

t.test('an answer that is no caller never lets anyone in', async t => {
  const answers: Array<[says: string, answer: () => unknown, code: string]> = [
    ['null', () => null, 'credentials-wrong'],
    ['undefined', () => undefined, 'store-unavailable'],
    ['false', () => false, 'store-unavailable'],
    ['true', () => true, 'store-unavailable'],
    ['the name', () => 'susan', 'store-unavailable'],
    ['an empty object', () => ({}), 'store-unavailable'],
    ['no identity', () => ({ name: 'susan' }), 'store-unavailable'],
    ['an empty identity', () => ({ name: 'susan', identity: '' }), 'store-unavailable'],
    ['an identity that is no text', () => ({ name: 'susan', identity: 7 }), 'store-unavailable'],
    ['an empty name', () => ({ name: '', identity: 'susan' }), 'store-unavailable'],
    ['an error', () => { throw new Error('ECONNREFUSED') }, 'store-unavailable'],
    ['a rejection with undefined', () => Promise.reject(undefined), 'store-unavailable'], // eslint-disable-line prefer-promise-reject-errors
    ['an outage', () => { throw problem('store-unavailable', { retryAfter: 3 }) }, 'store-unavailable'],
    ['a full queue', () => { throw problem('overloaded') }, 'overloaded'],
    ['a refusal that is thrown', () => { throw problem('credentials-wrong') }, 'credentials-wrong']
  ]
  for (const [says, answer, code] of answers) {
    await t.test(says, async t => {
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

  t.test('makes an outage no less gone', async t => {
    const { login, store } = desk({ failuresMax: 1 })
    const caller = new AbortController()
    store.answerWith = () => {
      caller.abort(gone)
      throw problem('credentials-wrong')
    }
    t.equal(await login('susan', right, home, caller.signal).catch(error => error), gone)
    await t.rejects(login(), limited, 'and a refusal no less one')
  })

  t.end()
})

t.test('guesses', t => {
  t.test('of 100 at once, the limit reaches the store', async t => {
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

  t.test('an address that is only remembered has logged in lately as well', async t => {
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
  const pairs = Array.from({ length: 200 }, (_, i) => [
    ['ab', 'c', 'ab'], ['a', 'bc', 'a'], ['abc', '', 'credentials-wrong'], ['a', 'c', 'credentials-wrong']
  ][i % 4]!)
  const all = outcomes(pairs.map(([name, password]) => login(name, password)))
  await settle()
  store.release()
  t.strictSame(await all, pairs.map(([, , outcome]) => outcome))
})

t.test('what is remembered', t => {
  const clock = () => {
    let time = 0
    return { now: () => time, pass: (ms: number) => { time += ms } }
  }

  t.test('is one caller\'s last right password, and nothing like it', t => {
    const verified = new Verified({ isCurrent: () => true, rememberFor: 1000 })
    verified.remember('ab', 'c', susan)
    t.equal(verified.recall('ab', 'c'), susan)
    for (const [name, password] of [['a', 'bc'], ['ab', 'C'], ['ab', ''], ['ab', 'cc'], ['AB', 'c'], ['__proto__', 'c']] as const) {
      t.equal(verified.recall(name, password), undefined, `${name} ${password}`)
    }
    t.equal(verified.recall('ab', 'c'), susan, 'wrong ones do not push out the right one')
    verified.remember('ab', 'new', susan)
    t.equal(verified.recall('ab', 'c'), undefined)
    t.end()
  })

  t.test('lasts as long as the store says, by a clock that does not step', t => {
    const time = clock()
    const verified = new Verified({ isCurrent: () => true, rememberFor: 1000 }, time)
    verified.remember('susan', right, susan)
    t.intercept(Date, 'now', { value: () => Number.MAX_SAFE_INTEGER })
    time.pass(999)
    t.equal(verified.recall('susan', right), susan)
    time.pass(1)
    t.equal(verified.recall('susan', right), undefined)
    t.end()
  })

  t.test('is nothing where the store says so', t => {
    const verified = new Verified({ isCurrent: () => true, rememberFor: 0 }, clock())
    verified.remember('susan', right, susan)
    t.equal(verified.recall('susan', right), undefined)
    t.end()
  })

  t.test('has a bound: the one least lately used goes', t => {
    const verified = new Verified({ isCurrent: () => true, rememberFor: 1000 }, { size: 2 })
    for (const name of ['a', 'b']) verified.remember(name, right, susan)
    verified.recall('a', right)
    verified.remember('c', right, susan)
    t.equal(verified.recall('a', right), susan)
    t.equal(verified.recall('b', right), undefined)
    t.end()
  })

  t.end()
})
