import t from 'tap'
import { KNOWN_MS, MemoryKnownAddresses } from '../../../src/limits/memory/known-addresses.js'
import { memory } from '../../../src/limits/memory/counters.js'
import { clock } from '../../helpers/clock.js'

t.test('an address where a name logged in', t => {
  t.test('is remembered for a week after the last time', t => {
    const time = clock()
    const knownAddresses = new MemoryKnownAddresses(time.now)
    t.notOk(knownAddresses.has('susan', '192.0.2.7'))
    knownAddresses.add('susan', '192.0.2.7')
    time.pass(KNOWN_MS - 1)
    t.ok(knownAddresses.has('susan', '192.0.2.7'))
    knownAddresses.add('susan', '192.0.2.7')
    time.pass(KNOWN_MS - 1)
    t.ok(knownAddresses.has('susan', '192.0.2.7'))
    time.pass(1)
    t.notOk(knownAddresses.has('susan', '192.0.2.7'))
    t.end()
  })

  t.test('is of that name and that address', t => {
    const knownAddresses = memory.knownAddresses()
    knownAddresses.add('susan', '192.0.2.7')
    t.notOk(knownAddresses.has('juan', '192.0.2.7'))
    t.notOk(knownAddresses.has('susan', '192.0.2.8'))
    t.strictSame([knownAddresses.hasName('susan'), knownAddresses.hasName('juan')], [true, false])
    t.end()
  })

  t.test('a name with many addresses pushes out its own oldest ones only', t => {
    const knownAddresses = new MemoryKnownAddresses()
    knownAddresses.add('susan', 'home')
    knownAddresses.add('mallory', 'first')
    knownAddresses.add('mallory', 'second')
    for (let i = 0; i < 14; i++) knownAddresses.add('mallory', `${i}`)
    knownAddresses.add('mallory', 'first')
    knownAddresses.add('mallory', 'one more')
    t.ok(knownAddresses.has('susan', 'home'))
    t.ok(knownAddresses.has('mallory', 'first'))
    t.notOk(knownAddresses.has('mallory', 'second'))
    t.ok(knownAddresses.has('mallory', 'one more'))
    t.end()
  })

  t.end()
})
