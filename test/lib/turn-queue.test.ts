import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { TurnQueue } from '../../src/lib/turn-queue.js'

t.test('no turn lets more than 64 go on, however many wait', async t => {
  const queue = new TurnQueue()
  const gone: number[] = []
  const all = Promise.all(Array.from({ length: 1000 }, async (_, i) => {
    await queue.next()
    gone.push(i)
  }))
  const turns: number[] = []
  while (gone.length < 1000) {
    const before = gone.length
    await nextTurn()
    turns.push(gone.length - before)
  }
  await all
  t.equal(Math.max(...turns), 64)
})
