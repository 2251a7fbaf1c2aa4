import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { selfSigned } from '../fakes/twilio/certificate.js'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { caddy, noCaddy } from '../helpers/caddy.js'
import { ask, type Answer } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { nginx, noNginx } from '../helpers/nginx.js'
import { brokerProcess, writeUsers } from '../helpers/process.js'
import { noRedis, patientWithRedis, redisServer } from '../helpers/redis.js'
import { until } from '../helpers/until.js'

const pem = selfSigned('localhost')
const behind = { TRUST_PROXY: '127.0.0.1', PUBLIC_URL: 'https://tokens.example.com', CORS_ORIGINS: 'https://app.example.com' }
const origin = 'https://app.example.com'

const proxies = [
  { name: 'nginx', skip: noNginx, open: nginx },
  { name: 'Caddy', skip: noCaddy, open: caddy }
]

for (const { name, skip, open } of proxies) {
  t.test(`behind the ${name} of deploy/`, { skip }, async t => {
    const broker = await startBroker({ settings: { ...behind, RATE_LIMIT_MAX: '30' } })
    t.teardown(broker.close)
    const proxy = await open({ cert: pem, key: pem, nodes: [broker.url] })
    t.teardown(proxy.close)

    t.test('tokens come over HTTP/1.1 and HTTP/2, and pages under PUBLIC_URL may ask', async t => {
      t.has(await ask(proxy.url, { as: susan, headers: { Origin: 'https://tokens.example.com' } }), { status: 200, headers: { 'access-control-allow-origin': 'https://tokens.example.com' } })
      t.has(await ask(proxy.url, { as: susan, headers: { Origin: 'https://evil.test' } }), { status: 403, body: { code: 'origin-refused' } })
      const client = session(proxy.url)
      t.teardown(() => client.destroy())
      t.match(await askIn(client, { as: susan, body: { ttl: 600 } }), { status: 200, body: { expiresIn: 600 } })
    })

    t.test('the broker\'s own answers come back, and pages can read them', async t => {
      const headers = { Origin: origin }
      const cases: Array<{ name: string, request: Parameters<typeof ask>[1], status: number, code: string }> = [
        { name: 'no credentials', request: { headers }, status: 401, code: 'credentials-missing' },
        { name: 'a large body', request: { as: susan, headers, body: { room: 'x'.repeat(8000) } }, status: 413, code: 'body-too-large' },
        { name: 'an unknown product', request: { as: susan, headers, path: '/token/nope' }, status: 404, code: 'product-unknown' },
        { name: 'a method that mints nothing', request: { as: susan, headers, method: 'DELETE' }, status: 405, code: 'method-not-allowed' }
      ]
      for (const { name, request, status, code } of cases) {
        const answer = await ask(proxy.url, request)
        t.has(answer, { status, body: { code }, headers: { 'access-control-allow-origin': origin } }, name)
        t.match(answer.headers['content-type'], /^application\/problem\+json/, name)
      }
      t.has(await ask(proxy.url, { as: susan, headers: { 'X-Long': 'x'.repeat(17_000) } }), { status: 431, body: { code: 'headers-too-large' } }, 'large headers')
    })

    t.test('each client counts by its own address, and a forged header changes nothing', async t => {
      const forged = (i: number) => ({ 'X-Forwarded-For': `10.0.0.${i}`, 'X-Real-IP': `10.0.1.${i}`, Forwarded: `for=10.0.2.${i}` })
      const statuses: number[] = []
      for (let i = 0; i < 40; i++) statuses.push((await ask(proxy.url, { as: susan, headers: forged(i) })).status)
      t.ok(statuses.includes(429), 'forged addresses are one bucket')
      t.equal((await ask(proxy.url, { as: susan, from: '127.0.0.2' })).status, 200, 'another client is another')
      const ips = new Set((await broker.audit()).map(({ ip }) => ip))
      t.strictSame([...ips], ['127.0.0.1', '127.0.0.2'])
    })
  })
}

t.test('two processes of one machine, each counting for itself, behind an nginx that sends each address to one of them', { skip: noNginx }, async t => {
  const nodes = await Promise.all([1, 2].map(() => startBroker({ settings: { ...behind, RATE_LIMIT_MAX: '5', CALLER_LIMIT_MAX: '1000' } })))
  const proxy = await nginx({ cert: pem, key: pem, nodes: nodes.map(({ url }) => url), byAddress: true })
  t.teardown(async () => {
    await proxy.close()
    await Promise.all(nodes.map(node => node.close()))
  })
  for (let i = 1; i <= 16; i++) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(proxy.url, { as: susan, from: `127.0.0.${i}` })))
    t.equal(answers.filter(({ status }) => status === 200).length, 5, `127.0.0.${i} has its limit once`)
  }
  for (const node of nodes) t.ok((await node.audit()).length > 0, 'each had its share')
})

t.test('three nodes on one Redis behind one nginx', { skip: noNginx || noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  const settings = { ...behind, REDIS_URL: redis.url, RATE_LIMIT_MAX: '200' }
  const nodes = await Promise.all([1, 2].map(() => startBroker({ settings })))
  const cwd = t.testdir()
  await writeUsers(cwd)
  // A process of its own, so that it can be killed.
  const third = await brokerProcess({ cwd, settings })
  const proxy = await nginx({ cert: pem, key: pem, nodes: [...nodes, third].map(({ url }) => url) })
  t.teardown(async () => {
    await proxy.close()
    await Promise.all([...nodes.map(node => node.close()), third.alive() && third.kill('SIGKILL')])
  })
  const count = (answers: Answer[], code: string) => answers.filter(({ body }) => body.code === code).length

  t.test('a token for a remembered caller costs Redis two scripts: what is asked, and what came of it', async t => {
    patientWithRedis(t)
    const { url } = nodes[0]!
    const calls = async () => {
      const stats = String(await redis.ask('INFO', 'commandstats'))
      return [...stats.matchAll(/cmdstat_(evalsha|eval|set|exists):calls=(\d+)/g)].reduce((sum, [, , calls]) => sum + Number(calls), 0)
    }
    for (let i = 0; i < 3; i++) await ask(url, { as: susan })
    const before = await calls()
    for (let i = 0; i < 20; i++) await ask(url, { as: susan })
    // The last one of a token is sent after its answer.
    await until(async () => await calls() >= before + 40)
    // All nodes look after Redis every second and a half. One command may still be under way.
    const each = Math.floor((await calls() - before + 1) / 20)
    t.equal(each, 2, `${each} commands a token`)
  })

  t.test('admit as many wrong passwords and requests as one', async t => {
    patientWithRedis(t)
    const guesses = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(proxy.url, { as: basic('juan', `wrong-${i}`), from: '127.0.0.3' })))
    t.equal(count(guesses, 'credentials-wrong'), 5)
    t.equal(count(guesses, 'login-limited'), 35)
    const requests: Answer[] = []
    for (let i = 0; i < 9; i++) requests.push(...await Promise.all(Array.from({ length: 25 }, () => ask(proxy.url, { from: '127.0.0.4' }))))
    t.equal(count(requests, 'credentials-missing'), 200)
    t.equal(count(requests, 'rate-limited'), 25)
    for (const node of nodes) t.ok((await node.audit()).length > 0, 'each node had its share')
    t.match(readFileSync(join(cwd, 'audit.log'), 'utf8'), /token\.refused/)
  })

  t.test('O6: a node or Redis that goes under load fails nothing that one more try does not mend', async t => {
    let failed = 0
    let served = 0
    const enough = new AbortController()
    const run = async (from: string) => {
      for (let i = 0; i < 60 || !enough.signal.aborted; i++) {
        const request = { as: susan, from, method: i % 2 ? 'GET' : 'POST' }
        const tried = await ask(proxy.url, request).catch(() => undefined)
        const mended = tried?.status === 200 ? tried : await ask(proxy.url, request)
        if (mended !== tried) failed++
        if (mended.status === 200) served++
        else t.fail(`${mended.status} ${mended.text}`)
      }
    }
    // Each stays below its own address's limit.
    const loads = Array.from({ length: 4 }, (_, i) => run(`127.0.1.${i + 1}`))
    await until(() => served > 40)
    await third.kill('SIGKILL')
    const without = served
    await until(() => served > without + 40)
    await redis.kill()
    await until(() => nodes[0]!.log().includes('Redis is unavailable'))
    const alone = served
    await until(() => served > alone + 40)
    enough.abort()
    await Promise.all(loads)
    t.comment(`${served} served, ${failed} of them at the second try`)
    t.ok(served >= 240)
  })
})
