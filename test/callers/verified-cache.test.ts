import t from 'tap'
import { VerifiedCache } from '../../src/callers/verified-cache.js'
import { clock } from '../helpers/clock.js'
import { right, susan } from '../helpers/desk.js'

t.test('what is remembered', t => {
  t.test('is one caller\'s last right password, and nothing like it', t => {
    const verified = new VerifiedCache({ isCurrent: () => true, cacheMs: 1000 })
    verified.set('ab', 'c', susan)
    t.equal(verified.get('ab', 'c'), susan)
    for (const [name, password] of [['a', 'bc'], ['ab', 'C'], ['ab', ''], ['ab', 'cc'], ['AB', 'c'], ['__proto__', 'c']] as const) {
      t.equal(verified.get(name, password), name === 'ab' ? null : undefined, `${name} ${password}`)
    }
    t.equal(verified.get('ab', 'c'), susan, 'wrong ones do not push out the right one')
    verified.set('ab', 'new', susan)
    t.equal(verified.get('ab', 'c'), null)
    t.end()
  })

  t.test('lasts as long as the store says, by a clock that does not step', t => {
    const time = clock()
    const verified = new VerifiedCache({ isCurrent: () => true, cacheMs: 1000 }, time)
    verified.set('susan', right, susan)
    t.intercept(Date, 'now', { value: () => Number.MAX_SAFE_INTEGER })
    time.pass(999)
    t.equal(verified.get('susan', right), susan)
    time.pass(1)
    t.equal(verified.get('susan', right), undefined)
    t.end()
  })

  t.test('is nothing where the store says so', t => {
    const verified = new VerifiedCache({ isCurrent: () => true, cacheMs: 0 }, clock())
    verified.set('susan', right, susan)
    t.equal(verified.get('susan', right), undefined)
    t.end()
  })

  t.test('has a bound: the one least recently used goes', t => {
    const verified = new VerifiedCache({ isCurrent: () => true, cacheMs: 1000 }, { maxNames: 2 })
    for (const name of ['a', 'b']) verified.set(name, right, susan)
    verified.get('a', right)
    verified.set('c', right, susan)
    t.equal(verified.get('a', right), susan)
    t.equal(verified.get('b', right), undefined)
    t.end()
  })

  t.end()
})
