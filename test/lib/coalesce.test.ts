import t from 'tap'
import { coalesce } from '../../src/lib/coalesce.js'

/** Work that ends when it is told to, and answers which run of it that was. */
function stepwise () {
  const running: Array<{ end: () => void, fail: (error: Error) => void }> = []
  const run = coalesce(() => new Promise<number>((resolve, reject) => {
    const nth = running.length
    running.push({ end: () => resolve(nth), fail: reject })
  }))
  return { run, running }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('one at a time, and a thousand who ask meanwhile share the next one', async t => {
  const { run, running } = stepwise()
  const first = run()
  await settled()
  const others = Array.from({ length: 1000 }, run)
  await settled()
  t.equal(running.length, 1)
  running[0]!.end()
  t.equal(await first, 0)
  await settled()
  t.equal(running.length, 2)
  running[1]!.end()
  t.strictSame(new Set(await Promise.all(others)), new Set([1]))
})

t.test('who asks once it has begun gets another run, which finds what changed since', async t => {
  const { run, running } = stepwise()
  const first = run()
  await settled()
  const second = run()
  t.not(first, second)
  running[0]!.end()
  await settled()
  running[1]!.end()
  t.strictSame(await Promise.all([first, second]), [0, 1])
})

t.test('one that fails tells those who waited for it, and holds up nobody else', async t => {
  const { run, running } = stepwise()
  const first = run()
  await settled()
  const second = run()
  running[0]!.fail(new Error('a bad file'))
  await t.rejects(first, { message: 'a bad file' })
  await settled()
  running[1]!.end()
  t.equal(await second, 1)
})
