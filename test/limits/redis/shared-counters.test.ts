import t from 'tap'
import { isExhausted } from '../../../src/limits/counters.js'
import { noRedis, patientWithRedis } from '../../helpers/redis.js'
import { keyOf, minute, node, redis } from '../../helpers/redis-nodes.js'
import { until } from '../../helpers/until.js'

t.test('counters that nodes share', { skip: noRedis }, async t => {
  const server = await redis(t)
  patientWithRedis(t)
  t.beforeEach(async () => { await server.ask('FLUSHALL') })

  t.test('a limit is one for all nodes, and a use of counters one of its own', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    t.ok(one.source.up && two.source.up)
    t.strictSame(one.told, [[true, undefined]])
    t.match(await one.counters.consume('a', 3), { used: 1, held: 0, max: 3, exceeded: false })
    t.match(await two.counters.consume('a', 3), { used: 2 })
    t.match(await one.counters.consume('a', 3), { used: 3, exceeded: false })
    for (const { counters } of [one, two]) {
      const { used, exceeded, resetMs } = await counters.consume('a', 3)
      t.match({ used, exceeded }, { used: 3, exceeded: true })
      t.ok(resetMs > minute - 5000 && resetMs <= minute)
    }
    t.match(await two.counters.consume('b', 3), { used: 1 })
    t.match(await two.source.counters('other', minute).consume('a', 3), { used: 1 })
  })

  t.test('a hold is one for all nodes', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const kept = await one.counters.reserve('a', 2)
    const givenBack = await two.counters.reserve('a', 2)
    t.match(givenBack, { used: 2, held: 2, exceeded: false })
    const third = await one.counters.reserve('a', 2)
    t.match(third, { used: 2, held: 2, exceeded: true })
    t.notOk(isExhausted(third))
    third.release()
    kept.commit()
    // Told at the end of the turn, over a connection of the node's own.
    await until(async () => (await two.counters.reserve('a', 2)).held === 1)
    t.match(await two.counters.reserve('a', 2), { used: 2, held: 1, exceeded: true })
    givenBack.release()
    await until(async () => (await one.counters.consume('a', 1)).used === 1)
    const next = await one.counters.reserve('a', 2)
    t.match(next, { used: 2, held: 1, exceeded: false })
    next.commit()
    await until(async () => isExhausted(await two.counters.reserve('a', 2)))
  })

  t.test('what is given back when all hits were, or late, takes nothing from the next window', async t => {
    const { counters } = await node(t, server.url)
    const late = await counters.reserve('a', 3)
    const last = await counters.reserve('b', 2)
    last.release()
    await server.ask('FLUSHALL')
    await counters.reserve('a', 3)
    late.release()
    t.match(await counters.consume('a', 3), { used: 2, held: 1 })
    t.match(await counters.consume('b', 2), { used: 1 })
  })

  t.test('clear forgets what counted on any node, and leaves what is held', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const held = await one.counters.reserve('a', 3)
    await two.counters.consume('a', 3)
    one.counters.clear('a', 100)
    t.match(await one.counters.consume('a', 3), { used: 2, held: 1 })
    held.commit()
    one.counters.clear('a', 100)
    t.match(await one.counters.consume('a', 3), { used: 1, held: 0 })
    t.match(await two.counters.consume('a', 3), { used: 2, held: 0 })
  })

  t.test('so many hits are cleared in a window and no more, whichever nodes count and clear', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    for (let round = 0; round < 3; round++) {
      await one.counters.consume('a', 5)
      await two.counters.consume('a', 5)
      two.counters.clear('a', 3)
    }
    t.match(await two.counters.consume('a', 5), { used: 4 }, 'three of six are gone')
    t.match(await one.counters.consume('a', 5), { used: 5, exceeded: false })
    t.match(await one.counters.consume('a', 5), { exceeded: true })
    t.match(await two.counters.consume('a', 5), { exceeded: true })
  })

  t.test('what a node knows does not become less when Redis loses it', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const lose = async (key: string) => { await server.ask('DEL', keyOf('test', key)) }

    await one.counters.consume('taken', 3)
    await two.counters.consume('taken', 3)
    t.match(await one.counters.consume('taken', 9), { used: 3 })
    await lose('taken')
    t.match(await one.counters.consume('taken', 5), { used: 4, exceeded: false })
    t.match(await one.counters.consume('taken', 5), { used: 5, exceeded: false })
    await lose('taken')
    t.match(await one.counters.consume('taken', 5), { used: 5, exceeded: true })
    t.match(await two.counters.consume('taken', 5), { exceeded: false }, 'another node knows what it knows')
    // Once Redis knows more, it is believed again.
    for (let i = 0; i < 5; i++) await two.counters.consume('taken', 99)
    t.match(await one.counters.consume('taken', 99), { used: 7 })

    const holds = [await one.counters.reserve('held', 3), await one.counters.reserve('held', 3)]
    for (const hold of holds) hold.commit()
    await until(async () => (await two.counters.reserve('held', 0)).held === 0)
    t.match(await one.counters.reserve('held', 0), { exceeded: true, used: 2 })
    await lose('held')
    const last = await one.counters.reserve('held', 3)
    t.match(last, { exceeded: false })
    const waits = await one.counters.reserve('held', 3)
    t.match(waits, { exceeded: true, used: 3, held: 1 })
    t.notOk(isExhausted(waits))
    t.equal(await server.ask('HGET', keyOf('test', 'held'), 'used'), '1', 'what is refused here is given back there')
    last.commit()
    t.ok(isExhausted(await one.counters.reserve('held', 3)))
  })

  t.test('where Redis loses each hit, a node still knows its own, and what it refuses counts nowhere', async t => {
    const { counters } = await node(t, server.url)
    for (let i = 0; i < 4; i++) {
      t.match(await counters.consume('a', 9), { used: i + 1 })
      await server.ask('DEL', keyOf('test', 'a'))
    }
    const last = await Promise.all(Array.from({ length: 8 }, () => counters.consume('a', 9)))
    t.equal(last.filter(({ exceeded }) => exceeded).length, 3)
    await until(async () => await server.ask('HGET', keyOf('test', 'a'), 'used') === '5')
  })

  t.test('an answer that was asked for earlier is no loss', async t => {
    const { source, counters } = await node(t, server.url)
    const release = source.prefetch!([{ counters, key: 'a', max: 9, hold: 0 }, { counters, key: 'b', max: 2, hold: 1 }])
    const first = await counters.reserve('b', 2)
    release()
    t.match(await counters.consume('a', 9), { used: 1 })
    const ahead = source.prefetch!([{ counters, key: 'c', max: 9, hold: 0 }])
    const others = await node(t, server.url)
    await others.counters.consume('c', 9)
    t.match(await counters.consume('c', 9), { used: 1 })
    t.match(await counters.consume('c', 9), { used: 3 })
    ahead()
    first.commit()
  })

  t.test('what is asked ahead is counted once, up to the first that is refused, and given back if nobody comes for it', async t => {
    const [one, two] = [await node(t, server.url), await node(t, server.url)]
    const { counters } = one
    const ask = (key: string, max: number, hold: 0 | 1 = 0) => ({ counters, key, max, hold })
    await two.counters.consume('spent', 1)
    await two.counters.consume('a', 5)

    const refused = one.source.prefetch!([ask('a', 5), ask('spent', 1), ask('b', 5, 1)])
    t.match(await counters.consume('a', 5), { used: 2 })
    t.match(await counters.consume('spent', 1), { used: 1, exceeded: true })
    t.equal((await server.ask('KEYS', '*:test:*') as string[]).length, 2, 'what comes behind a refusal is not counted')
    t.match(await counters.reserve('b', 5), { used: 1, held: 1 }, 'but can still be asked for')
    refused()

    const release = one.source.prefetch!([ask('c', 5), ask('d', 5, 1), ask('spent', 1), ask('e', 5)])
    t.match(await two.counters.consume('c', 5), { used: 2 })
    release()
    release()
    await until(async () => await server.ask('HGET', keyOf('test', 'c'), 'used') === '1')
    await until(async () => await server.ask('EXISTS', keyOf('test', 'd')) === 0)
    one.source.prefetch!([ask('spent', 1)])()

    const both = [one.source.prefetch!([ask('f', 5)]), one.source.prefetch!([ask('f', 5)])]
    t.match(await counters.consume('f', 5), { used: 1 })
    t.match(await counters.consume('f', 5), { used: 2 })
    t.match(await counters.consume('f', 5), { used: 3 }, 'no reply serves twice')
    for (const release of both) release()
    t.match(await counters.consume('f', 5), { used: 4 })

    const only = await counters.reserve('g', 1)
    only.release()
    one.source.prefetch!([ask('g', 1, 1)])
    t.match(await counters.reserve('g', 1), { exceeded: false }, 'what was told before is known by then')
  })

  t.test('a hold whose node died is given back after a minute, which is longer than any login takes', async t => {
    const window = 15 * minute
    const [one, two] = (await Promise.all([node(t, server.url), node(t, server.url)])).map(({ source }) => ({ source, counters: source.counters('test', window) }))
    await two!.counters.consume('a', 2)
    await one!.counters.reserve('a', 2)
    one!.source.close()
    t.match(await two!.counters.reserve('a', 2), { exceeded: true })
    const [key] = await server.ask('KEYS', '*:test:*') as [string]
    await server.ask('PEXPIRE', key, window - 55_000)
    t.match(await two!.counters.reserve('a', 2), { exceeded: true })
    await server.ask('PEXPIRE', key, window - 61_000)
    t.match(await two!.counters.reserve('a', 2), { used: 2, held: 1, exceeded: false })
  })

  t.test('a window is never longer than it should be, even if the clock of Redis was set back', async t => {
    const { counters } = await node(t, server.url)
    await counters.consume('a', 5)
    const [key] = await server.ask('KEYS', '*:test:*') as [string]
    await server.ask('PEXPIRE', key, 100 * minute)
    const { used, resetMs } = await counters.consume('a', 5)
    t.equal(used, 2)
    t.ok(resetMs <= minute)
    t.ok(await server.ask('PTTL', key) as number <= minute)
  })

  t.end()
})
