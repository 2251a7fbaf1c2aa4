import { mock } from 'node:test'
import t from 'tap'
import { Circuit } from '../../../src/callers/stores/circuit-breaker.js'
import { Problem } from '../../../src/problems.js'
import { settle } from '../../helpers/settle.js'

const away = () => Promise.reject(new Error('connect ECONNREFUSED'))
const fine = async () => 'susan'
const never = () => new Promise<never>(() => {})

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }))
t.afterEach(() => mock.timers.reset())

function circuit (probe: () => Promise<unknown> = never) {
  const changes: boolean[] = []
  return { circuit: new Circuit({ probe, onChange: open => changes.push(open) }), changes }
}

async function fail (circuit: Circuit, times: number) {
  for (let i = 0; i < times; i++) await circuit.run(away).catch(() => {})
}

async function tick (milliseconds: number) {
  mock.timers.tick(milliseconds)
  await settle()
}

t.test('a failure is store-unavailable, with Retry-After and with its cause', async t => {
  const { circuit: one } = circuit()
  await t.rejects(one.run(away), { code: 'store-unavailable', options: { retryAfter: 5 }, cause: { message: 'connect ECONNREFUSED' } })
  t.equal(one.open, false)
})

t.test('five failures open it, and then nothing is tried', async t => {
  const { circuit: one, changes } = circuit()
  await fail(one, 4)
  t.equal(one.open, false)
  await fail(one, 1)
  t.equal(one.open, true)
  t.same(changes, [true])
  await t.rejects(one.run(async () => t.fail('tried')), { code: 'store-unavailable', options: { retryAfter: 5 }, cause: { message: 'connect ECONNREFUSED' } })
})

t.test('a success between failures starts the count again', async t => {
  const { circuit: one } = circuit()
  await fail(one, 4)
  t.equal(await one.run(fine), 'susan')
  await fail(one, 4)
  t.equal(one.open, false)
})

t.test('when it opens, attempts under way end at once', async t => {
  const { circuit: one } = circuit()
  const signals: AbortSignal[] = []
  const refused = t.rejects(one.run(signal => { signals.push(signal); return never() }), { code: 'store-unavailable', cause: { message: 'connect ECONNREFUSED' } })
  await fail(one, 4)
  t.equal(signals[0]?.aborted, false)
  await fail(one, 1)
  t.equal(signals[0]?.aborted, true)
  await refused
})

t.test('more failures that were under way when it opened change nothing', async t => {
  const { circuit: one, changes } = circuit()
  await Promise.all(Array.from({ length: 20 }, () => one.run(away).catch(() => {})))
  t.same(changes, [true])
})

t.test('an attempt that takes 0.8 s has failed, and is told to stop', async t => {
  const { circuit: one } = circuit()
  let signal: AbortSignal | undefined
  const refused = t.rejects(one.run(given => { signal = given; return never() }), { code: 'store-unavailable', cause: { message: 'no answer within 800 ms' } })
  await tick(799)
  t.equal(signal?.aborted, false)
  await tick(1)
  await refused
  t.equal(signal?.aborted, true)
})

t.test('an answer that comes too late is nobody\'s', async t => {
  const { circuit: one } = circuit()
  const late: Array<(outcome: string | Promise<string>) => void> = []
  const attempt = () => one.run(() => new Promise<string>(resolve => late.push(resolve)))
  const refused = Promise.all([t.rejects(attempt(), Problem), t.rejects(attempt(), Problem)])
  await tick(800)
  late[0]?.('susan')
  late[1]?.(Promise.reject(new Error('too late as well')))
  await refused
})

t.test('an attempt that throws before it has a promise is a failure like any other', async t => {
  const { circuit: one } = circuit()
  await t.rejects(one.run(() => { throw new Error('at once') }), { code: 'store-unavailable', cause: { message: 'at once' } })
})

t.test('while it is open the store is asked every second, and callers are let in when it answers', async t => {
  let back = false
  let probes = 0
  const { circuit: one, changes } = circuit(async () => {
    probes++
    if (!back) throw new Error('still away')
  })
  await fail(one, 5)
  await tick(1000)
  await tick(1000)
  t.equal(probes, 2)
  t.equal(one.open, true)
  back = true
  await tick(999)
  t.equal(one.open, true)
  await tick(1)
  t.equal(one.open, false)
  t.same(changes, [true, false])
  t.equal(await one.run(fine), 'susan')
  await tick(10_000)
  t.equal(probes, 3, 'nothing is asked while it is closed')
})

t.test('a probe that takes 0.8 s has failed', async t => {
  const { circuit: one } = circuit(never)
  await fail(one, 5)
  await tick(1000)
  await tick(800)
  t.equal(one.open, true)
})

t.test('after a probe it takes five failures again', async t => {
  const { circuit: one } = circuit(fine)
  await fail(one, 5)
  await tick(1000)
  await fail(one, 4)
  t.equal(one.open, false)
  await fail(one, 1)
  t.equal(one.open, true)
})

t.test('a first attempt that fails opens it at once', async t => {
  const { circuit: one, changes } = circuit()
  await t.rejects(one.runFirst(away), { code: 'store-unavailable' })
  t.same(changes, [true])
})

t.test('a first attempt that succeeds leaves five failures', async t => {
  const { circuit: one } = circuit()
  t.equal(await one.runFirst(fine), 'susan')
  await fail(one, 4)
  t.equal(one.open, false)
})

t.test('closing it ends the probes', async t => {
  let probes = 0
  const one = new Circuit({ probe: async () => { probes++ } })
  await fail(one, 5)
  one.close()
  await tick(10_000)
  t.equal(probes, 0)
})
