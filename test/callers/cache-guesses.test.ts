import { availableParallelism } from 'node:os'
import t, { type Test } from 'tap'
import { heldBroker } from '../helpers/held-broker.js'
import { noRedis, patientWithRedis, redisServer } from '../helpers/redis.js'
import { until } from '../helpers/until.js'

const right = 'secret123'
const home = '192.0.2.1'
const cores = availableParallelism()

/** A broker that ann is known to, all of whose hashes are taken. */
async function busy (t: Test, settings: Record<string, string> = {}, remembered = true) {
  const broker = await heldBroker(t, { users: { ann: right }, settings })
  const { hashes, login, send, waiting } = broker
  if (remembered) t.equal(await login(home, 'ann', right), 200)
  const before = hashes.begun.length
  hashes.hold()
  for (let i = 0; i < cores; i++) send(`203.0.113.${i}`, 'nobody', 'in the way')
  await until(() => hashes.begun.length === before + cores)
  return {
    ...broker,
    /** Guesses that leave while they wait for a hash. */
    async leave (times: number, addressOf: (i: number) => string) {
      const hangUps = Array.from({ length: times }, (_, i) => send(addressOf(i), 'ann', `guess ${i}`))
      await until(() => waiting(times))
      await Promise.all(hangUps.map(hangUp => hangUp()))
      await until(() => waiting(0))
      // Redis answers in order: once it has counted this request, the node also knows what the hang-ups counted.
      await waiting(0)
    },
    /** Whether a right password is answered though all hashes are taken, and so many more wait. */
    async isAtOnce (ip: string, more = 0) {
      const answer = login(ip, 'ann', right)
      const first = await Promise.race([answer, until(() => waiting(more + 1)).then(() => 'waits')])
      return { atOnce: first === 200, answer }
    }
  }
}

t.test('S82: logins that leave before their hash begins lock nobody out', async t => {
  const { hashes, leave, login } = await busy(t, { LOGIN_FAILURES_MAX: '2' }, false)
  for (let round = 0; round < 6; round++) await leave(2, () => home)
  for (let round = 0; round < 6; round++) await leave(16, i => `198.51.100.${round * 16 + i}`)
  hashes.release()
  for (const ip of [home, '198.51.100.1', '192.0.2.99']) t.equal(await login(ip, 'ann', right), 200)
  t.notOk(hashes.begun.some(password => password.startsWith('guess')))
})

t.test('S83: nor are they free guesses at a remembered password: after as many as may fail, it is compared by its hash', async t => {
  const { hashes, leave, isAtOnce, login } = await busy(t, { LOGIN_FAILURES_MAX: '2' })
  await leave(1, () => home)
  t.ok((await isAtOnce(home)).atOnce)
  await leave(1, () => home)
  const { atOnce, answer } = await isAtOnce(home)
  t.notOk(atOnce)
  const elsewhere = await isAtOnce('198.51.100.1', 1)
  t.ok(elsewhere.atOnce, 'at another address it still is')
  hashes.release()
  t.equal(await answer, 200, 'and is let in')
  // Wrong ones that a hash decided count as ever.
  t.strictSame([await login(home, 'ann', 'wrong'), await login(home, 'ann', 'wrong'), await login(home, 'ann', right)], ['credentials-wrong', 'credentials-wrong', 'login-limited'])
})

t.test('from however many addresses: then only those at home are answered at once', async t => {
  const { hashes, leave, isAtOnce } = await busy(t, { LOGIN_FAILURES_MAX: '1' })
  await leave(19, i => `198.51.100.${i}`)
  t.ok((await isAtOnce('192.0.2.2')).atOnce)
  await leave(1, () => '198.51.100.19')
  t.ok((await isAtOnce(home)).atOnce)
  const { atOnce, answer } = await isAtOnce('192.0.2.99')
  t.notOk(atOnce)
  hashes.release()
  t.equal(await answer, 200)
})

t.test('S84: a guess that is overloaded in place of its hash counts in the same way', async t => {
  const { hashes, login, send, waiting } = await busy(t, { LOGIN_FAILURES_MAX: '2' })
  for (let i = 0; i < 64 * 4; i++) send(i % 4 === 0 ? home : `198.51.100.${i % 4}`, `nobody${i}`, 'in the way')
  await until(() => waiting(256))
  t.equal(await login(home, 'ann', 'guess 1'), 'overloaded')
  t.equal(await login(home, 'ann', right), 200)
  t.equal(await login(home, 'ann', 'guess 2'), 'overloaded')
  t.equal(await login(home, 'ann', right), 'overloaded')
  hashes.release()
  await until(() => waiting(0))
  t.equal(await login(home, 'ann', right), 200)
})

t.test('nodes that share a Redis count them together', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const settings = { LOGIN_FAILURES_MAX: '2', REDIS_URL: redis.url }
  const [one, two] = [await busy(t, settings), await busy(t, settings)]
  t.ok((await two.isAtOnce(home)).atOnce)
  await one.leave(1, () => home)
  await one.leave(1, () => home)
  await two.leave(1, () => home)
  for (const { hashes, isAtOnce } of [one, two]) {
    const { atOnce, answer } = await isAtOnce(home)
    t.notOk(atOnce)
    hashes.release()
    t.equal(await answer, 200)
  }
})

t.test('that such a guess cannot be counted, as Redis went meanwhile, ends nothing', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const { hashes, send, login, waiting, log, audit } = await busy(t, { REDIS_URL: redis.url, REDIS_DOWN: 'closed' })
  const hangUp = send(home, 'ann', 'guess')
  await until(() => waiting(1))
  const before = (await audit()).length
  await redis.kill()
  await until(() => log().includes('Redis is unavailable'))
  await hangUp()
  await until(async () => (await audit()).length > before)
  await redis.start()
  await until(() => log().split('Redis is connected').length >= 3)
  hashes.release()
  t.equal(await login(home, 'ann', right), 200)
})
