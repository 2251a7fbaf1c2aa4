import t from 'tap'
import { LinkedList, type ListEntry } from '../../../src/limits/memory/linked-list.js'

t.test('a linked list', t => {
  interface Bead extends ListEntry<Bead> { name: string }
  const bead = (name: string): Bead => ({ name, list: undefined, previous: undefined, next: undefined })
  const names = (list: LinkedList<Bead>) => [...list].map(({ name }) => name).join('')

  t.test('keeps its order, whatever is removed', t => {
    const [a, b, c] = [bead('a'), bead('b'), bead('c')]
    const list = new LinkedList<Bead>()
    for (const each of [a, b, c]) list.add(each)
    t.equal(names(list), 'abc')
    list.remove(b)
    t.equal(names(list), 'ac')
    list.add(a)
    t.equal(names(list), 'ca')
    t.equal(list.first, c)
    list.remove(a)
    list.remove(c)
    t.equal(list.size, 0)
    t.equal(list.first, undefined)
    t.end()
  })

  t.test('an entry is in one list at a time', t => {
    const a = bead('a')
    const [one, two] = [new LinkedList<Bead>(), new LinkedList<Bead>()]
    one.add(a)
    two.add(a)
    t.equal(one.size, 0)
    t.equal(two.size, 1)
    t.equal(a.list, two)
    t.end()
  })

  t.test('an entry may be removed while all are visited', t => {
    const list = new LinkedList<Bead>()
    for (const name of 'abc') list.add(bead(name))
    for (const each of list) list.remove(each)
    t.equal(list.size, 0)
    t.end()
  })

  t.end()
})
