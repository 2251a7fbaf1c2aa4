import t from 'tap'
import { Ring, type Linked } from '../../../src/limits/memory/linked-list.js'

t.test('a ring', t => {
  interface Bead extends Linked<Bead> { name: string }
  const bead = (name: string): Bead => ({ name, ring: undefined, before: undefined, after: undefined })
  const names = (ring: Ring<Bead>) => [...ring].map(({ name }) => name).join('')

  t.test('keeps the order of arrival, whatever is taken out', t => {
    const [a, b, c] = [bead('a'), bead('b'), bead('c')]
    const ring = new Ring<Bead>()
    for (const each of [a, b, c]) ring.add(each)
    t.equal(names(ring), 'abc')
    ring.remove(b)
    t.equal(names(ring), 'ac')
    ring.add(a)
    t.equal(names(ring), 'ca')
    t.equal(ring.first, c)
    ring.remove(a)
    ring.remove(c)
    t.equal(ring.size, 0)
    t.equal(ring.first, undefined)
    t.end()
  })

  t.test('an entry is in one ring at a time', t => {
    const a = bead('a')
    const [one, two] = [new Ring<Bead>(), new Ring<Bead>()]
    one.add(a)
    two.add(a)
    t.equal(one.size, 0)
    t.equal(two.size, 1)
    t.equal(a.ring, two)
    t.end()
  })

  t.test('an entry may go while all are visited', t => {
    const ring = new Ring<Bead>()
    for (const name of 'abc') ring.add(bead(name))
    for (const each of ring) ring.remove(each)
    t.equal(ring.size, 0)
    t.end()
  })

  t.end()
})
