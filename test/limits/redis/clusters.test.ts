import t, { type Test } from 'tap'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { basic, startBroker, susan, type Broker } from '../../helpers/broker.js'
import { ask } from '../../helpers/http.js'
import { Page, signedIn } from '../../helpers/page.js'
import { redisCluster } from '../../helpers/redis-cluster.js'
import { redisSentinel } from '../../helpers/redis-sentinel.js'
import { noRedis, patientWithRedis } from '../../helpers/redis.js'
import { root } from '../../helpers/root.js'
import { until } from '../../helpers/until.js'

async function isShared ({ url }: Broker): Promise<boolean> {
  const { status, body } = await ask(url, { method: 'GET', path: '/readyz' })
  return status === 200 && `${body['degraded']}` === ''
}
const shared = (brokers: Broker[]) => Promise.all(brokers.map(isShared)).then(all => all.every(Boolean))

/** Two brokers with the same callers. */
async function twoBrokers (t: Test, settings: Record<string, string>): Promise<[Broker, Broker]> {
  const [one, other] = await Promise.all([1, 2].map(() => startBroker({ settings }))) as [Broker, Broker]
  t.teardown(() => Promise.all([one.close(), other.close()]))
  await other.write('users.htpasswd', await readFile(join(one.folder, 'users.htpasswd'), 'utf8'))
  await other.reload()
  await until(() => shared([one, other]))
  for (const { url } of [one, other]) await until(async () => (await ask(url, { as: basic(new URL(url).port, 'wrong-one') })).status === 401)
  return [one, other]
}

/** Tokens from both brokers until `stop`; each request that fails is sent once more. */
function load (t: Test, brokers: Broker[]) {
  const enough = new AbortController()
  let served = 0
  async function run (url: string): Promise<void> {
    while (!enough.signal.aborted) {
      const tried = await ask(url, { as: susan }).catch(() => undefined)
      const mended = tried?.status === 200 ? tried : await ask(url, { as: susan })
      if (mended.status !== 200) t.fail(`${mended.status} ${mended.text}`)
      served++
    }
  }
  const loads = brokers.flatMap(({ url }) => [run(url), run(url)])
  const some = async (count = 40) => {
    const before = served
    await until(() => served > before + count)
  }
  return {
    some,
    async stop () {
      enough.abort()
      await Promise.all(loads)
    }
  }
}

/** The arguments of ACL, as docs/operations.md says them. */
function leastRights (heading: string): string[] {
  const [, rule] = new RegExp(`^${heading}[^]*?\n\`\`\`\nACL (.*)$`, 'm').exec(operations)!
  return rule!.split(' ')
}

const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8')

/** Milliseconds within which a broker checks at least twice whether Redis is available. */
const twoChecks = 3500

interface Shared {
  name: string
  url: string
  /** The server that has the counters now. */
  master: () => Promise<{ kill: () => Promise<void> }>
}

t.test('limits on a Redis Cluster and behind Sentinels', { skip: noRedis }, async t => {
  const [cluster, sentinel] = await Promise.all([redisCluster(), redisSentinel()])
  t.teardown(() => Promise.all([cluster.close(), sentinel.close()]))
  const [first] = cluster.nodes
  const servers = [...cluster.nodes, ...sentinel.servers, ...sentinel.sentinels]
  await Promise.all([
    ...cluster.nodes.map(node => node.ask('ACL', ...leastRights('For a Redis Cluster'))),
    ...sentinel.servers.map(node => node.ask('ACL', ...leastRights('For one Redis'))),
    ...sentinel.sentinels.map(node => node.ask('ACL', ...leastRights('On Sentinels')))
  ])
  const user = '://broker:PASSWORD@'
  const rows: Shared[] = [
    { name: 'a Redis Cluster', url: cluster.url.replaceAll('://', user), master: cluster.owner },
    { name: 'Sentinels', url: `${sentinel.url.replace('://', user)}?sentinelUser=broker&sentinelPassword=PASSWORD`, master: sentinel.master }
  ]

  t.test('two brokers admit as many wrong passwords as one, and share sessions', async t => {
    for (const { name, url } of rows) {
      await t.test(name, async t => {
        patientWithRedis(t)
        const [one, other] = await twoBrokers(t, { REDIS_URL: url, REDIS_DOWN: 'closed' })
        const guesses = await Promise.all(Array.from({ length: 20 }, (_, i) => ask((i % 2 === 0 ? one : other).url, { as: basic('olga', `wrong-${i}`) })))
        t.equal(guesses.filter(({ status }) => status === 401).length, 5)
        t.equal(guesses.filter(({ body }) => body.code === 'login-limited').length, 15)

        const page = await signedIn(one.url)
        const proof = page.proof()
        t.match(await page.ask({ proof }, other.url), { status: 200 })
        t.has(await page.ask({ proof }, one.url), { status: 401, body: { code: 'proof-replayed' } })
        t.match(await page.end(), { status: 204 })
        t.has(await page.ask({}, other.url), { status: 401, body: { code: 'session-ended' } })
        t.match(await new Page(other.url).open(), { status: 201 })
      })
    }
  })

  t.test('a cluster is found by one address, and brokers with another prefix count for themselves', async t => {
    patientWithRedis(t)
    const [one, other] = await twoBrokers(t, { REDIS_URL: `redis+cluster://127.0.0.1:${first!.port}`, REDIS_DOWN: 'closed', CALLER_LIMIT_MAX: '2', REDIS_PREFIX: 'one' })
    const apart = await startBroker({ settings: { REDIS_URL: cluster.url, REDIS_DOWN: 'closed', CALLER_LIMIT_MAX: '2', REDIS_PREFIX: 'another' } })
    t.teardown(apart.close)
    const answers = await Promise.all([one, other, one, apart, apart, apart].map(({ url }) => ask(url, { as: susan })))
    const outcomes = answers.map(({ status, body: { code = status } }) => code)
    t.strictSame(outcomes.slice(0, 3).sort(), [200, 200, 'caller-limited'])
    t.strictSame(outcomes.slice(3).sort(), [200, 200, 'caller-limited'])
  })

  const masters = cluster.nodes.slice(0, 3).map(({ port }) => port)
  const wrongTargets: Array<{ what: string, url: string, cause: string, says: RegExp }> = [
    ...masters.map(port => ({ what: 'one node of a cluster', url: `redis://127.0.0.1:${port}`, cause: 'cluster-node', says: /REDIS_URL names one node of a Redis Cluster: list several, as in redis:\/\/one:6379,redis:\/\/two:6379/ })),
    { what: 'a Sentinel as a server', url: `redis://127.0.0.1:${sentinel.sentinels[0]!.port}`, cause: 'a-sentinel', says: /REDIS_URL names a Sentinel: write redis\+sentinel:/ },
    { what: 'a Sentinel as a cluster', url: `redis+cluster://127.0.0.1:${sentinel.sentinels[0]!.port}`, cause: 'a-sentinel', says: /REDIS_URL names a Sentinel/ },
    { what: 'a server as a cluster', url: `redis+cluster://127.0.0.1:${sentinel.servers[0]!.port}`, cause: 'not-a-cluster', says: /REDIS_URL is for a Redis Cluster, but the server is not part of one/ },
    { what: 'a server as a Sentinel', url: `redis+sentinel://127.0.0.1:${sentinel.servers[0]!.port}/mymaster`, cause: 'not-a-sentinel', says: /REDIS_URL is for Sentinels, but the server is not one/ },
    { what: 'a master that the Sentinels do not know', url: `${sentinel.url}s`, cause: 'unknown-master', says: /The Sentinels do not know a master with the name at the end of REDIS_URL/ },
    { what: 'a replica', url: `redis://127.0.0.1:${sentinel.servers[1]!.port}`, cause: 'READONLY', says: /REDIS_URL names a replica/ }
  ]

  t.test('O5: a server that is not what REDIS_URL says is never used, even where it would answer: not ready, 503, and one line that says what to set', async t => {
    const brokers = await Promise.all(wrongTargets.map(({ url }) => startBroker({ settings: { REDIS_URL: url, REDIS_DOWN: 'closed' } })))
    t.teardown(() => Promise.all(brokers.map(broker => broker.close())))
    const isReady = async ({ url }: Broker) => (await ask(url, { method: 'GET', path: '/readyz' })).status === 200
    const over = performance.now() + twoChecks
    const ready: string[] = []
    await until(async () => {
      const answers = await Promise.all(brokers.map(isReady))
      ready.push(...wrongTargets.filter((_, i) => answers[i]).map(({ what }) => what))
      return performance.now() > over
    })
    t.strictSame(ready, [])
    for (const [i, { what, cause, says }] of wrongTargets.entries()) {
      const broker = brokers[i]!
      for (let n = 0; n < 3; n++) t.has(await ask(broker.url, { as: susan }), { status: 503, body: { code: 'limiter-unavailable' } }, what)
      t.has(await ask(broker.url, { method: 'GET', path: '/readyz' }), { status: 503, body: { missing: ['redis'] } }, what)
      // One before it where a loaded machine was too slow for the first check.
      const lines = broker.log().split('\n').filter(line => line.includes('Redis is') && !/"(no answer|ETIMEDOUT)"/.test(line))
      t.equal(lines.length, 1, what)
      const answer = JSON.parse(lines[0]!)
      t.has(answer, { level: 40, cause }, what)
      t.match(answer.msg, says, what)
      t.match(lines[0], /Redis is unavailable; requests are refused with 503 until it is back\. /)
    }
  })

  t.test('O4: a slot that moves to another node under load fails no request that one retry does not mend, and is shared when it has arrived', async t => {
    const brokers = await twoBrokers(t, { REDIS_URL: rows[0]!.url })
    const traffic = load(t, brokers)
    await traffic.some()
    let backTooEarly = false
    await cluster.migrate(async () => {
      await until(async () => !await isShared(brokers[0]) && !await isShared(brokers[1]))
      const over = performance.now() + twoChecks
      await until(async () => {
        backTooEarly ||= await isShared(brokers[0]) || await isShared(brokers[1])
        return performance.now() > over
      })
    })
    t.notOk(backTooEarly, 'half a slot is not used')
    await until(() => shared(brokers))
    await traffic.some()
    await traffic.stop()
  })

  t.test('O3: the master killed under load fails no request that one retry does not mend, and limits are shared again', async t => {
    for (const { name, url, master } of rows) {
      await t.test(name, async t => {
        const brokers = await twoBrokers(t, { REDIS_URL: url })
        const traffic = load(t, brokers)
        await traffic.some()
        await (await master()).kill()
        await until(async () => !await isShared(brokers[0]) && !await isShared(brokers[1]))
        // None of these waits until there is another master.
        await traffic.some()
        await until(() => shared(brokers))
        await traffic.some()
        await traffic.stop()
        patientWithRedis(t)
        const guesses = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(brokers[i % 2]!.url, { as: basic('juan', `wrong-${i}`) })))
        t.equal(guesses.filter(({ status }) => status === 401).length, 5, 'as one')
      })
    }
  })

  t.test('all that was done with the least rights that the docs name', async t => {
    const logs = await Promise.all(servers.map(server => server.ask('ACL', 'LOG').catch(() => [])))
    t.strictSame(logs.flat(), [])
  })
})
