import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { selfSigned } from '../../fakes/twilio/certificate.js'
import { startBroker, susan } from '../../helpers/broker.js'
import { freePort } from '../../helpers/free-port.js'
import { ask } from '../../helpers/http.js'
import { redisCluster } from '../../helpers/redis-cluster.js'
import { redisProcess } from '../../helpers/redis-process.js'
import { redisSentinel } from '../../helpers/redis-sentinel.js'
import { noRedis } from '../../helpers/redis.js'
import { until } from '../../helpers/until.js'

t.test('TLS to Redis', { skip: noRedis }, async t => {
  const pems = {
    'redis.pem': selfSigned('localhost', 'DNS:localhost,IP:127.0.0.1'),
    'named.pem': selfSigned('localhost'),
    'own.pem': selfSigned('broker'),
    'other.pem': selfSigned('localhost'),
    'text.pem': 'hello'
  }
  const folder = t.testdir(pems)
  const path = (name: keyof typeof pems) => join(folder, name)
  const withPem = (pem: keyof typeof pems, auth: 'yes' | 'no') => ['--tls-cert-file', path(pem), '--tls-key-file', path(pem), '--tls-ca-cert-file', path(auth === 'yes' ? 'own.pem' : pem), '--tls-auth-clients', auth]
  const trusting = { tls: { rejectUnauthorized: false, cert: pems['own.pem'], key: pems['own.pem'] } }

  async function server (pem: keyof typeof pems, auth: 'yes' | 'no') {
    const port = await freePort()
    const redis = redisProcess(port, ['--port', '0', '--tls-port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...withPem(pem, auth)], trusting)
    await redis.start()
    t.teardown(redis.kill)
    return { port }
  }
  const named = await server('named.pem', 'no')
  const strict = await server('redis.pem', 'yes')
  const cluster = await redisCluster({
    masters: 1,
    args: port => ['--tls-port', `${port}`, '--port', '0', '--tls-cluster', 'yes', ...withPem('redis.pem', 'no')],
    connect: trusting
  })
  t.teardown(cluster.close)
  const lines = ['--tls-replication', 'yes', ...withPem('redis.pem', 'no')]
  const sentinel = await redisSentinel({
    replicas: 0,
    sentinels: 1,
    lines: port => [`tls-port ${port}`, 'port 0', ...lines.flatMap((word, i) => i % 2 === 0 ? [`${word.slice(2)} ${lines[i + 1]}`] : [])],
    connect: trusting
  })
  t.teardown(sentinel.close)
  const ofCluster = `rediss+cluster://localhost:${cluster.nodes[0]!.port}`
  const ofSentinel = sentinel.url.replace('redis', 'rediss')

  const used: Array<{ what: string, settings: Record<string, string> }> = [
    { what: 'one server', settings: { REDIS_URL: `rediss://localhost:${named.port}`, REDIS_CA_FILE: path('named.pem') } },
    { what: 'one that wants a certificate', settings: { REDIS_URL: `rediss://127.0.0.1:${strict.port}`, REDIS_CA_FILE: path('redis.pem'), REDIS_CERT_FILE: path('own.pem'), REDIS_KEY_FILE: path('own.pem') } },
    { what: 'a Redis Cluster', settings: { REDIS_URL: ofCluster, REDIS_CA_FILE: path('redis.pem') } },
    { what: 'Sentinels', settings: { REDIS_URL: ofSentinel, REDIS_CA_FILE: path('redis.pem') } }
  ]
  for (const { what, settings } of used) {
    t.test(`${what}: is used`, async t => {
      const broker = await startBroker({ settings: { REDIS_DOWN: 'closed', ...settings } })
      t.teardown(broker.close)
      await until(async () => (await ask(broker.url, { as: susan })).status === 200)
    })
  }

  const notSigned = /The certificate of Redis is not signed by an authority that is trusted here: name the right one in REDIS_CA_FILE/
  const refused: Array<{ what: string, settings: Record<string, string>, says: RegExp }> = [
    { what: 'a wrong authority', settings: { REDIS_URL: `rediss://localhost:${named.port}`, REDIS_CA_FILE: path('other.pem') }, says: notSigned },
    { what: 'a wrong authority of a Redis Cluster', settings: { REDIS_URL: ofCluster, REDIS_CA_FILE: path('other.pem') }, says: notSigned },
    { what: 'a wrong authority of Sentinels', settings: { REDIS_URL: ofSentinel, REDIS_CA_FILE: path('other.pem') }, says: notSigned },
    { what: 'an authority that nobody named', settings: { REDIS_URL: `rediss://localhost:${named.port}` }, says: notSigned },
    { what: 'a certificate for another name', settings: { REDIS_URL: `rediss://127.0.0.1:${named.port}`, REDIS_CA_FILE: path('named.pem') }, says: /The certificate of Redis is for other names than the host in REDIS_URL/ },
    { what: 'no certificate where one is wanted', settings: { REDIS_URL: `rediss://127.0.0.1:${strict.port}`, REDIS_CA_FILE: path('redis.pem') }, says: /Redis requires a client certificate: set REDIS_CERT_FILE and REDIS_KEY_FILE/ }
  ]
  t.test('S137: what is wrong with a certificate is said in the log, and Redis is not used', async t => {
    for (const { what, settings, says } of refused) {
      const broker = await startBroker({ settings: { REDIS_DOWN: 'closed', ...settings } })
      t.teardown(broker.close)
      await until(() => says.test(broker.log())).catch(() => t.fail(what))
      t.has(await ask(broker.url, { as: susan }), { status: 503, body: { code: 'limiter-unavailable' } }, what)
      t.has(await ask(broker.url, { method: 'GET', path: '/readyz' }), { status: 503, body: { missing: ['redis'] } }, what)
    }
  })

  t.test('an authority that is put right is used without a restart', async t => {
    writeFileSync(path('other.pem'), pems['other.pem'])
    const broker = await startBroker({ settings: { REDIS_URL: `rediss://localhost:${named.port}`, REDIS_CA_FILE: path('other.pem'), REDIS_DOWN: 'closed' } })
    t.teardown(broker.close)
    t.match(await ask(broker.url, { as: susan }), { status: 503 })
    writeFileSync(path('other.pem'), pems['named.pem'])
    await until(async () => (await ask(broker.url, { as: susan })).status === 200)
  })

  t.test('files that cannot be used stop the start, by the names of their settings', async t => {
    const REDIS_URL = `rediss://localhost:${named.port}`
    const rows: Array<{ settings: Record<string, string>, says: RegExp }> = [
      { settings: { REDIS_CA_FILE: path('text.pem') }, says: /^REDIS_CA_FILE holds no certificate in PEM form/ },
      { settings: { REDIS_CA_FILE: 'nowhere' }, says: /^REDIS_CA_FILE names a file that cannot be read/ },
      { settings: { REDIS_CERT_FILE: path('own.pem'), REDIS_KEY_FILE: path('named.pem') }, says: /^REDIS_KEY_FILE does not hold the key of the first certificate in REDIS_CERT_FILE/ }
    ]
    for (const { settings, says } of rows) t.match(await startBroker({ settings: { REDIS_URL, ...settings } }).catch((error: unknown) => error), { mistakes: [says] })
  })
})
