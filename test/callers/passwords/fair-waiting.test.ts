import { availableParallelism } from 'node:os'
import t, { type Test } from 'tap'
import { heldBroker } from '../../helpers/held-broker.js'
import { ask } from '../../helpers/http.js'
import { until } from '../../helpers/until.js'

const users = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`caller${i}`, `right ${i}`]))

async function broker (t: Test, settings: Record<string, string> = {}) {
  const broker = await heldBroker(t, { users, settings })
  broker.hashes.hold()
  return broker
}

t.test('S99: while logins from one /48 fill the queue, whoever comes from elsewhere is heard after the rest of one hash', async t => {
  const { hashes, login, waiting } = await broker(t)
  const cores = availableParallelism()
  const outcomes: unknown[] = []
  const flood = Array.from({ length: 300 }, (_, i) => login(`2001:db8:0:${i % 100}::1`, `nobody${i}`, 'flood').then(outcome => { outcomes.push(outcome) }))
  await until(() => outcomes.length === 300 - 128 - cores)
  t.ok(outcomes.every(outcome => outcome === 'overloaded'))
  t.ok(await waiting(128), 'of one /48 half as many wait as of all')
  const others = Array.from({ length: 40 }, (_, i) => login(`192.0.2.${i}`, `caller${i}`, `right ${i}`))
  await until(() => waiting(168))
  const floods = () => hashes.begun.filter(password => password === 'flood').length
  t.equal(floods(), cores)
  await hashes.endOne()
  if (cores === 1) await hashes.endOne()
  t.match(hashes.begun.at(-1), /^right/)
  for (let i = 0; i < 39; i++) await hashes.endOne()
  t.ok(floods() <= cores + 2, 'the flood has one turn while the others have one each')
  hashes.release()
  t.same(await Promise.all(others), Array(40).fill(200))
  await Promise.all(flood)
})

t.test('S100: while logins from four addresses fill the queue, the last one that waits of the longest line gives way to a newcomer\'s first', async t => {
  const { hashes, login, waiting } = await broker(t)
  const cores = availableParallelism()
  const outcomes: unknown[] = []
  const flood = Array.from({ length: 64 * 4 + cores }, (_, i) => login(`192.0.2.${i % 4}`, `nobody${i}`, 'flood').then(outcome => { outcomes.push(outcome) }))
  await until(() => waiting(256))
  const others = Array.from({ length: 3 }, (_, i) => login(`198.51.100.${i}`, `caller${i}`, `right ${i}`))
  await until(() => outcomes.length === 3)
  t.same(outcomes, Array(3).fill('overloaded'))
  t.ok(await waiting(256))
  t.equal(await login('198.51.100.0', 'caller3', 'right 3'), 'overloaded', 'who waits already is no newcomer')
  hashes.release()
  t.same(await Promise.all(others), [200, 200, 200])
  await Promise.all(flood)
})

t.test('S101: guesses for one name that wait for those under way leave as many places to others, however many come from one address', async t => {
  const { hashes, login, waiting, url } = await broker(t, { LOGIN_FAILURES_MAX: '1' })
  const outcomes: unknown[] = []
  const flood = Array.from({ length: 700 }, () => login('203.0.113.1', 'nobody', 'flood').then(outcome => { outcomes.push(outcome) }))
  await until(() => outcomes.length === 700 - 1 - 512)
  t.ok(outcomes.every(outcome => outcome === 'overloaded'))
  const two = [login('192.0.2.1', 'caller1', 'right 1'), login('192.0.2.1', 'caller1', 'right 1')]
  await until(() => hashes.begun.includes('right 1') || waiting(1))
  // What was sent before is read before.
  await ask(url, { method: 'GET', path: '/healthz' })
  hashes.release()
  t.same(await Promise.all(two), [200, 200])
  await Promise.all(flood)
  t.equal(hashes.begun.filter(password => password === 'flood').length, 1)
})
