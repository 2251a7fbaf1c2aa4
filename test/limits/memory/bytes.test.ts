import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { guessCounters } from '../../../src/callers/guess-counters.js'
import { ownCopy } from '../../../src/limits/keys.js'
import { memory, MemoryCounters } from '../../../src/limits/memory/counters.js'
import { clock } from '../../helpers/clock.js'

const minute = 60_000

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes that live after a collection. */
function heap (): number {
  collect()
  return process.memoryUsage().heapUsed
}

t.test('S85: a million names and addresses cost at most 64 MB, and what is locked stays so', t => {
  const { perNameAndAddress, perName } = guessCounters(memory)
  const addresses = memory.counters('address', minute)
  const before = heap()
  perName.consume('locked', 1)
  perNameAndAddress.consume('locked', 1)
  addresses.consume('locked', 1)
  for (let i = 0; i < 1_000_000; i++) {
    perName.consume(`name ${i} ${i % 50 === 0 ? 'x'.repeat(1000) : ''}`, 100)
    // Once the tables are full, more keys change nothing.
    if (i < 100_000) {
      perNameAndAddress.consume(`2001:db8::${i.toString(16)} name ${i}`, 5)
      addresses.consume(`2001:db8::${i.toString(16)}`, 120)
    }
  }
  const grown = heap() - before
  t.ok(grown < 64e6, `grew by ${grown} bytes`)
  for (const counters of [perName, perNameAndAddress, addresses]) t.match(counters.consume('locked', 1), { exceeded: true })
  t.end()
})

t.test('long keys are told apart, and none is stored', t => {
  const counters = new MemoryCounters(minute, clock())
  const long = 'a'.repeat(100_000)
  const before = heap()
  for (let i = 0; i < 200; i++) counters.consume(`${long}${i}`, 1)
  t.ok(heap() - before < 2e6)
  t.match(counters.read(`${long}199`, 1), { exceeded: true })
  t.match(counters.read(`${long}200`, 1), { exceeded: false })
  t.end()
})

t.test('a copy does not keep the text that it was cut from', t => {
  const before = heap()
  const copies = Array.from({ length: 50 }, (_, i) => ownCopy(`${i}${'p'.repeat(200_000)}`.slice(0, 20)))
  t.ok(heap() - before < 2e6)
  t.equal(copies[7], `7${'p'.repeat(19)}`)
  t.equal(ownCopy('\ud800 lone, é, 😀'), '\ud800 lone, é, 😀')
  t.end()
})
