import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startBroker, susan } from '../../helpers/broker.js'
import { ask } from '../../helpers/http.js'
import { Page, signedIn } from '../../helpers/page.js'
import { noRedis, patientWithRedis, redisServer } from '../../helpers/redis.js'
import { until } from '../../helpers/until.js'

/** Two nodes with the same callers on one Redis. */
async function twoNodes (t: Test, settings: Record<string, string> = {}) {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  const start = async () => {
    const broker = await startBroker({ settings: { REDIS_URL: redis.url, ...settings } })
    t.teardown(broker.close)
    return broker
  }
  const [one, other] = [await start(), await start()]
  await other.write('users.htpasswd', await readFile(join(one.folder, 'users.htpasswd'), 'utf8'))
  await other.reload()
  return { redis, one, other }
}

const replayed = { status: 401, body: { code: 'proof-replayed' } }
const ended = { status: 401, body: { code: 'session-ended' } }

t.test('sessions on two nodes with one Redis', { skip: noRedis }, async t => {
  t.test('S38: hold on both, and a proof that one took the other takes no more', async t => {
    const { one, other } = await twoNodes(t)
    const page = await signedIn(one.url)
    for (const request of [{}, { method: 'GET', path: '/openapi.json' }]) {
      const proof = page.proof(request)
      t.match(await page.ask({ ...request, proof }, other.url), { status: 200 })
      t.has(await page.ask({ ...request, proof }, one.url), replayed)
    }
    const opening = page.key.proof({ claims: { htu: 'https://tokens.example.com/session' } })
    t.match(await page.open({ proof: opening }), { status: 201 })
    t.has(await new Page(other.url).open({ proof: opening }), replayed)
    const racing = page.proof()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => page.ask({ proof: racing }, i % 2 === 0 ? one.url : other.url)))
    t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of ten at once one is taken')
  })

  t.test('are ended on both', async t => {
    const { one, other } = await twoNodes(t)
    const page = await signedIn(one.url)
    t.match(await page.ask({}, other.url), { status: 200 })
    t.match(await page.end(), { status: 204 })
    t.has(await page.ask({}, other.url), ended)
    t.has(await page.end({}, other.url), ended)
  })

  t.test('share their caller\'s limit, for which a replayed proof costs nothing', async t => {
    const { one, other } = await twoNodes(t, { CALLER_LIMIT_MAX: '3' })
    const page = await signedIn(one.url)
    const proof = page.proof()
    t.match(await page.ask({ proof }), { status: 200, headers: { ratelimit: /"caller";r=2;/ } })
    for (let i = 0; i < 5; i++) t.has(await page.ask({ proof }, other.url), replayed)
    t.match(await page.ask({}, other.url), { status: 200, headers: { ratelimit: /"caller";r=1;/ } })
    t.match(await ask(one.url, { as: susan }), { status: 200, headers: { ratelimit: /"caller";r=0;/ } })
    const refused = page.proof()
    for (const { url } of [one, other, one]) t.has(await page.ask({ proof: refused }, url), { status: 429, body: { code: 'caller-limited' } })
  })

  t.test('go on without Redis under REDIS_DOWN=local, as far as each node knows', async t => {
    const { redis, one, other } = await twoNodes(t)
    const [page, gone] = [await signedIn(one.url), await signedIn(one.url)]
    await gone.end()
    const proof = page.proof()
    t.match(await page.ask({ proof }), { status: 200 })
    await redis.kill()
    await until(async () => (await ask(one.url, { method: 'GET', path: '/readyz' })).body.degraded !== undefined && (await ask(other.url, { method: 'GET', path: '/readyz' })).text.includes('redis'))
    t.has(await page.ask({ proof }), replayed)
    t.match(await page.ask(), { status: 200 })
    t.has(await gone.ask(), ended, 'it ended here')
    t.match(await page.end(), { status: 204 })
    t.has(await page.ask(), ended)
    t.match(await page.ask({}, other.url), { status: 200 }, 'of which the other node cannot know')
  })

  t.test('are 503 without Redis under REDIS_DOWN=closed, their end too', async t => {
    const { redis, one } = await twoNodes(t, { REDIS_DOWN: 'closed' })
    const page = await signedIn(one.url)
    await redis.kill()
    for (const answer of [await page.ask(), await page.end(), await page.open()]) {
      t.has(answer, { status: 503, body: { code: 'limiter-unavailable' } })
      t.match(answer.headers['dpop-nonce'], /./)
    }
    await redis.start()
    await until(async () => (await page.ask()).status === 200)
    t.match(await page.end(), { status: 204 })
  })

  t.test('that have ended come back on nodes that did not see it, where Redis forgets', async t => {
    const { redis, one, other } = await twoNodes(t)
    const page = await signedIn(one.url)
    await page.end()
    await redis.ask('FLUSHALL')
    t.has(await page.ask(), ended)
    t.match(await page.ask({}, other.url), { status: 200 })
  })
})
