import t from 'tap'
import { noRedis, patientWithRedis } from '../../helpers/redis.js'
import { node, redis } from '../../helpers/redis-nodes.js'

t.test('marks that nodes share', { skip: noRedis }, async t => {
  const server = await redis(t)
  patientWithRedis(t)
  t.beforeEach(async () => { await server.ask('FLUSHALL') })
  const twoNodes = async (down?: 'closed') => [await node(t, server.url, down), await node(t, server.url, down)] as const

  t.test('what one node marks the others see, for its time', async t => {
    const [one, two] = await twoNodes()
    t.equal(await two.source.marks!.has('ended', 'a'), false)
    await one.source.marks!.set('ended', 'a', 60_000)
    t.equal(await two.source.marks!.has('ended', 'a'), true)
    t.equal(await two.source.marks!.has('proof', 'a'), false)
    const [key] = await server.ask('KEYS', '*ended*') as [string]
    const left = Number(await server.ask('PTTL', key))
    t.ok(left > 50_000 && left <= 60_000, `${left} ms`)
    t.notMatch(key, /:a$/, 'by a digest')
  })

  t.test('a text is marked once, of any number at once', async t => {
    const nodes = await twoNodes()
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => nodes[i % 2]!.source.marks!.setOnce('proof', 'a', 60_000)))
    t.equal(all.filter(Boolean).length, 1)
    t.equal(await nodes[0].source.marks!.setOnce('proof', 'b', 60_000), true)
  })

  t.test('a hit is counted in the same step, and not for what was marked already', async t => {
    const [one, two] = await twoNodes()
    const use = async ({ source, counters }: typeof one, text: string) => {
      const isNew = await source.marks!.setOnce('proof', text, 60_000, { counters, key: 'susan', max: 3, hold: 0 })
      return isNew ? counters.consume('susan', 3) : undefined
    }
    t.match(await use(one, 'a'), { used: 1, exceeded: false })
    t.equal(await use(two, 'a'), undefined)
    t.match(await use(two, 'b'), { used: 2, exceeded: false })
    t.match(await use(one, 'c'), { used: 3, exceeded: false })
    t.match(await use(two, 'd'), { used: 3, exceeded: true })
    t.equal(await one.source.marks!.has('proof', 'd'), false, 'nothing is marked whose hit is one too many')
    t.match(await use(two, 'd'), { used: 3, exceeded: true }, 'which Redis is not asked again')
  })

  t.test('away, nothing is known', async t => {
    const [one] = await twoNodes()
    const [closed] = await twoNodes('closed')
    await one.source.marks!.set('ended', 'a', 60_000)
    await server.kill()
    t.teardown(server.start)
    t.equal(await one.source.marks!.has('ended', 'a'), false)
    t.equal(await one.source.marks!.setOnce('proof', 'a', 60_000), true)
    await one.source.marks!.set('ended', 'b', 60_000)
    t.match(await one.source.marks!.setOnce('proof', 'b', 60_000, { counters: one.counters, key: 'susan', max: 3, hold: 0 }), true)
    t.match(await one.counters.consume('susan', 3), { used: 1 })
    const { marks } = closed.source
    for (const ask of [() => marks!.has('ended', 'a'), () => marks!.set('ended', 'a', 1), () => marks!.setOnce('proof', 'a', 1)]) {
      await t.rejects(async () => { await ask() }, { code: 'limiter-unavailable' })
    }
  })
})
