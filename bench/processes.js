// Two processes on one machine against one, each counting for itself or with limits shared by a Redis. Interleaved rounds, medians.
// Where two brokers have but two cores, what the load generator, Redis and nginx take is missing to them; what a token costs then tells
// what more cores would give.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { allOn, furnish } from './tokens/folder.js'
import { load, median, spread, table } from './tokens/load.js'
import { broker, freePort, post, start } from './tokens/servers.js'

const rounds = 7
const seconds = 2
const children = []

async function run (file, args, isUp) {
  const child = spawn(file, args, { stdio: 'ignore' })
  children.push(child)
  while (!await isUp()) {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`)
    await setTimeout(20)
  }
}

const folder = await mkdtemp(join(tmpdir(), 'bench-processes-'))
const servers = []
try {
  const redisPort = await freePort()
  await run('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', ''],
    async () => spawnSync('redis-cli', ['-p', String(redisPort), 'ping'], { encoding: 'utf8' }).stdout.trim() === 'PONG')
  // All requests are of one caller here, of whom no more than so many may be compared at once.
  const env = { ...allOn, LOGIN_FAILURES_MAX: '100', REDIS_URL: `redis://127.0.0.1:${redisPort}`, TRUST_PROXY: '127.0.0.1' }
  for (let n = 0; n < 4; n++) {
    const own = await mkdtemp(join(folder, 'node-'))
    await furnish(own)
    servers.push(await start(broker, own, n < 2 ? allOn : env))
  }
  const [alone, aloneToo, one, other] = servers

  const proxy = { name: 'nginx', port: await freePort() }
  await writeFile(join(folder, 'nginx.conf'), `
    daemon off; pid ${folder}/nginx.pid; error_log stderr crit; worker_processes 1; user root;
    events { worker_connections 1024; }
    http {
      access_log off;
      upstream brokers { server 127.0.0.1:${one.port}; server 127.0.0.1:${other.port}; keepalive 32; }
      server { listen 127.0.0.1:${proxy.port}; location / {
        proxy_pass http://brokers; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; } }
    }`)
  await run('/usr/sbin/nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], () => post(proxy.port).then(({ status }) => status === 200, () => false))

  const variants = {
    'one process': [alone],
    'two processes, each counting for itself': [alone, aloneToo],
    'one process with Redis': [one],
    'two processes with Redis': [one, other],
    'two processes with Redis, behind nginx': [proxy]
  }
  const measured = Object.fromEntries(Object.keys(variants).map(name => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, targets] of Object.entries(variants)) {
      const results = await Promise.all(targets.map(target => load(target, { atOnce: 32 / targets.length, seconds })))
      const rate = results.reduce((sum, { rate }) => sum + rate, 0)
      // The first round warms up.
      if (round > 0) measured[name].push({ rate, cpu: results.reduce((sum, { rate: part, cpu }) => sum + part / rate * cpu, 0) })
    }
  }
  const of = (name, what) => measured[name].map(result => result[what])
  const base = median(of('one process', 'rate'))
  console.log(`${availableParallelism()} cores, ${rounds} interleaved rounds of ${seconds} s, 32 connections; medians\n`)
  console.log(table(['what', 'tokens/s', 'spread', 'of one process', 'CPU s per 10 000'], Object.keys(variants).map(name =>
    [name, median(of(name, 'rate')).toFixed(0), spread(of(name, 'rate')), (median(of(name, 'rate')) / base).toFixed(2), variants[name][0].cpu ? median(of(name, 'cpu')).toFixed(2) : ''])))
} finally {
  for (const server of servers) await server.stop()
  for (const child of children) child.kill()
  await rm(folder, { recursive: true })
}
