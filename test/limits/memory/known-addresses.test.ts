import t from 'tap'
import { LATELY, MemoryLately } from '../../../src/limits/memory/known-addresses.js'
import { memory } from '../../../src/limits/memory/counters.js'
import { clock } from '../../helpers/clock.js'

t.test('where a name logged in lately', t => {
  t.test('is remembered for a week after the last time', t => {
    const time = clock()
    const lately = new MemoryLately(time.now)
    t.notOk(lately.has('susan', '192.0.2.7'))
    lately.note('susan', '192.0.2.7')
    time.pass(LATELY - 1)
    t.ok(lately.has('susan', '192.0.2.7'))
    lately.note('susan', '192.0.2.7')
    time.pass(LATELY - 1)
    t.ok(lately.has('susan', '192.0.2.7'))
    time.pass(1)
    t.notOk(lately.has('susan', '192.0.2.7'))
    t.end()
  })

  t.test('is of that name and that address', t => {
    const lately = memory.lately()
    lately.note('susan', '192.0.2.7')
    t.notOk(lately.has('juan', '192.0.2.7'))
    t.notOk(lately.has('susan', '192.0.2.8'))
    t.end()
  })

  t.test('a name with many addresses pushes out its own oldest ones only', t => {
    const lately = new MemoryLately()
    lately.note('susan', 'home')
    lately.note('mallory', 'first')
    lately.note('mallory', 'second')
    for (let i = 0; i < 14; i++) lately.note('mallory', `${i}`)
    lately.note('mallory', 'first')
    lately.note('mallory', 'one more')
    t.ok(lately.has('susan', 'home'))
    t.ok(lately.has('mallory', 'first'))
    t.notOk(lately.has('mallory', 'second'))
    t.ok(lately.has('mallory', 'one more'))
    t.end()
  })

  t.end()
})
