import t, { type Test } from 'tap'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { noRedis, patientWithRedis, redisServer } from '../helpers/redis.js'

const wrong = (i: number) => basic('susan', `guess ${i}`)

/** Four guesses and a right password, over and over, at one address. */
async function alternate (t: Test, nodes: Array<{ url: string }>) {
  let tried = 0
  let rights = 0
  for (let i = 0; i < 200; i++) {
    const { url } = nodes[i % nodes.length]!
    if (i % 5 === 4) {
      const { status } = await ask(url, { as: susan })
      if (status === 200) rights++
      t.equal(status, tried < 100 ? 200 : 429, `after ${tried} guesses`)
    } else if ((await ask(url, { as: wrong(i) })).status === 401) tried++
  }
  t.equal(tried, 100)
  t.equal(rights, 24)
}

t.test('S80: who shares an address with a caller guesses twenty times the limit between its right passwords, and no more', async t => {
  const broker = await startBroker()
  t.teardown(broker.close)
  await alternate(t, [broker])
  t.has(await ask(broker.url, { as: susan }), { status: 429, body: { code: 'login-limited' } })
  t.equal((await ask(broker.url, { as: susan, from: '127.0.0.2' })).status, 429, 'the name has had as many, so a new address does not get in')
})

t.test('also by nodes that share a Redis', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const nodes = await Promise.all([1, 2, 3].map(() => startBroker({ settings: { REDIS_URL: redis.url } })))
  t.teardown(() => Promise.all(nodes.map(node => node.close())))
  await alternate(t, nodes)
})

t.test('S79: a success clears what its name failed at its address, and gives nothing else back', async t => {
  const broker = await startBroker({ users: { susan: 'secret123', juan: 'secret456' } })
  t.teardown(broker.close)
  const status = async (as: string, from?: string) => (await ask(broker.url, { as, ...(from && { from }) })).status
  const rows = [
    { says: 'the same name at another address', as: wrong(0), from: '127.0.0.2' },
    { says: 'another name at the same address', as: basic('juan', 'guess') }
  ]
  for (const { as, from } of rows) for (let i = 0; i < 4; i++) t.equal(await status(as, from), 401)
  for (let i = 0; i < 4; i++) t.equal(await status(wrong(i)), 401)
  t.equal(await status(susan), 200)
  for (let i = 0; i < 4; i++) t.equal(await status(wrong(i)), 401)
  for (const { says, as, from } of rows) t.strictSame([await status(as, from), await status(as, from)], [401, 429], says)
})
