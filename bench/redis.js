// A token with its limits in a single Redis, in one that Sentinels name, and in a Redis Cluster, beside one that is counted in memory. Interleaved rounds in changing order.
// Of each the better quarter counts, as other processes of the machine take from single turns.
// None has replicas: what is compared is the broker's own work. Everything runs on this machine, so what the load generator and Redis take is missing to the broker.
import { spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { allOn, furnish } from './tokens/folder.js'
import { load, spread, table } from './tokens/load.js'
import { broker, freePort, start } from './tokens/servers.js'

const rounds = 16
const seconds = 1
const children = []
const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'))

const cli = (port, ...args) => spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim()

async function until (isSo) {
  while (!isSo()) await setTimeout(20)
}

async function redis (...args) {
  const port = await freePort()
  const own = join(folder, String(port))
  await mkdir(own)
  children.push(spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', own, ...args], { stdio: 'ignore' }))
  await until(() => cli(port, 'ping') === 'PONG')
  return port
}

async function sentinel (master) {
  const port = await freePort()
  const file = join(folder, 'sentinel.conf')
  await writeFile(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 ${master} 1\n`)
  children.push(spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' }))
  await until(() => cli(port, 'ping') === 'PONG')
  return port
}

async function cluster () {
  const ports = []
  for (let i = 0; i < 3; i++) ports.push(await redis('--cluster-enabled', 'yes', '--cluster-port', String(await freePort())))
  const nodes = ports.map(port => `127.0.0.1:${port}`)
  spawnSync('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes'])
  await until(() => ports.every(port => cli(port, 'cluster', 'info').includes('cluster_state:ok')))
  return nodes.map(node => `redis://${node}`).join(',')
}

const servers = []
try {
  const urls = {
    'in memory': undefined,
    'a single Redis': `redis://127.0.0.1:${await redis()}`,
    Sentinel: `redis+sentinel://127.0.0.1:${await sentinel(await redis())}/mymaster`,
    'a Redis Cluster of three': await cluster()
  }
  for (const [name, url] of Object.entries(urls)) {
    const own = await mkdtemp(join(folder, 'node-'))
    await furnish(own)
    // All requests are of one caller here, of whom no more than so many may be compared at once.
    servers.push({ ...await start(broker, own, { ...allOn, LOGIN_FAILURES_MAX: '100', ...(url !== undefined && { REDIS_URL: url, REDIS_DOWN: 'closed' }) }), name })
  }
  const measured = new Map(servers.map(server => [server, []]))
  for (let round = 0; round <= rounds; round++) {
    // Each is first as often as the others.
    for (const server of [...servers.slice(round % servers.length), ...servers.slice(0, round % servers.length)]) {
      const result = await load(server, { seconds })
      // The first round warms up.
      if (round > 0) measured.get(server).push(result)
    }
  }
  const of = (server, what) => measured.get(server).map(result => result[what]).toSorted((a, b) => a - b)
  const better = { rate: server => of(server, 'rate').at(-rounds >> 2), cpu: server => of(server, 'cpu').at(rounds >> 2) }
  const [, single] = servers
  const ratio = (server, what) => (better[what](server) / better[what](single)).toFixed(2)
  console.log(`${availableParallelism()} cores, ${rounds} interleaved rounds of ${seconds} s, 16 connections; upper quartile of tokens/s, lower of CPU\n`)
  console.log(table(['limits', 'tokens/s', 'spread', 'of a single Redis', 'CPU s per 10 000', 'of a single Redis'], servers.map(server =>
    [server.name, better.rate(server).toFixed(0), spread(of(server, 'rate')), ratio(server, 'rate'), better.cpu(server).toFixed(2), ratio(server, 'cpu')])))
} finally {
  for (const server of servers) await server.stop()
  for (const child of children) child.kill()
  await rm(folder, { recursive: true })
}
