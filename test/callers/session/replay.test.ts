import t from 'tap'
import { ProofMemory } from '../../../src/callers/session/proof-memory.js'
import { UsedProofs } from '../../../src/callers/session/replay.js'
import { problem } from '../../../src/problems.js'
import { clock } from '../../helpers/clock.js'

t.test('a proof is remembered, and no other', t => {
  const memory = new ProofMemory(1024)
  for (let n = 0; n < 1000; n++) {
    t.notOk(memory.has(`proof ${n}`))
    memory.add(`proof ${n}`)
  }
  for (let n = 0; n < 1000; n++) if (!memory.has(`proof ${n}`)) t.fail(`proof ${n}`)
  t.equal(memory.forgotten, 0)
  t.end()
})

t.test('full, the memory forgets the oldest and none of the others, for ever', t => {
  const memory = new ProofMemory(64)
  for (let n = 0; n < 2000; n++) {
    memory.add(`proof ${n}`)
    for (let known = Math.max(0, n - 63); known <= n; known++) if (!memory.has(`proof ${known}`)) t.fail(`proof ${known} at ${n}`)
    if (n >= 64 && memory.has(`proof ${n - 64}`)) t.fail(`proof ${n - 64} at ${n}`)
  }
  t.equal(memory.forgotten, 2000 - 64)
  t.end()
})

t.test('what could not be used again anyway is not counted as forgotten', t => {
  const { now, pass } = clock()
  const memory = new ProofMemory(4, now)
  for (let n = 0; n < 4; n++) memory.add(`old ${n}`)
  pass(119_000)
  memory.add('young')
  t.equal(memory.forgotten, 1)
  pass(3_000)
  for (let n = 0; n < 3; n++) memory.add(`new ${n}`)
  t.equal(memory.forgotten, 1)
  t.ok(memory.has('young'))
  t.end()
})

t.test('the memory takes 8 MB, however many proofs come', t => {
  const before = process.memoryUsage().arrayBuffers
  const memory = new ProofMemory()
  const bytes = process.memoryUsage().arrayBuffers - before
  t.ok(bytes <= 8 * 2 ** 20 + 1024, `${bytes} bytes`)
  memory.add('one')
  t.ok(memory.has('one'))
  t.end()
})

const replayed = { code: 'proof-replayed' }

t.test('a proof is used once', async t => {
  const proofs = new UsedProofs()
  await proofs.use('one')
  await t.rejects(proofs.use('one'), replayed)
  await proofs.use('two')
  t.equal(proofs.forgotten, 0)
})

t.test('of two at once one is used', async t => {
  const proofs = new UsedProofs()
  const [one, other] = await Promise.allSettled([proofs.use('one', async () => {}), proofs.use('one', async () => {})])
  t.equal(one.status, 'fulfilled')
  t.has(other, { status: 'rejected', reason: replayed })
})

t.test('a proof that its caller\'s limit refuses is not used, and not remembered', async t => {
  const memory = new ProofMemory(4)
  const proofs = new UsedProofs(undefined, memory)
  let isRefused = true
  const limit = () => { if (isRefused) throw problem('caller-limited'); return undefined }
  for (let n = 0; n < 10; n++) await t.rejects(proofs.use('one', limit), { code: 'caller-limited' })
  t.notOk(memory.has('one'))
  isRefused = false
  await proofs.use('one', limit)
  await t.rejects(proofs.use('one', limit), replayed)
})

t.test('a replayed proof costs its caller nothing', async t => {
  const proofs = new UsedProofs()
  let counted = 0
  const limit = () => { counted++; return undefined }
  await proofs.use('one', limit)
  await t.rejects(proofs.use('one', limit), replayed)
  t.equal(counted, 1)
})

t.test('where nodes share what was used, a proof that another node accepted is refused', async t => {
  const marked = new Set<string>()
  const shared = {
    set: async () => {},
    has: async () => false,
    setOnce: async (name: string, text: string) => !marked.has(`${name} ${text}`) && marked.add(`${name} ${text}`).size > 0
  }
  const [here, there] = [new UsedProofs(shared), new UsedProofs(shared)]
  await here.use('one')
  t.has(await there.use('one').catch((error: unknown) => error), { code: 'proof-replayed' })
  await there.use('two')
})
