// What a token takes beside a Redis that is a millisecond away, one request at a time, its caller remembered.
// A proxy in this process holds back each answer of Redis. The broker is a process of its own, all traffic is loopback's.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { allOn, furnish } from './tokens/folder.js'
import { broker, freePort, post, start } from './tokens/servers.js'

const delays = [0, 1]
const requests = 1500

const folder = await mkdtemp(join(tmpdir(), 'bench-redis-delay-'))
const redisPort = await freePort()
const redis = spawn('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' })
while (spawnSync('redis-cli', ['-p', String(redisPort), 'ping'], { encoding: 'utf8' }).stdout.trim() !== 'PONG') await setTimeout(20)

/** Milliseconds by which an answer is late. */
let delay = 0
let answers = 0
const proxy = createServer(client => {
  const server = connect(redisPort, '127.0.0.1').setNoDelay()
  client.setNoDelay().pipe(server)
  server.on('data', bytes => {
    answers++
    if (delay === 0) client.write(bytes)
    else setTimeout(delay).then(() => client.write(bytes))
  })
  for (const [one, other] of [[client, server], [server, client]]) one.on('error', () => {}).on('close', () => other.destroy())
})
await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve))

let server
try {
  await furnish(folder)
  server = await start(broker, folder, { ...allOn, REDIS_URL: `redis://127.0.0.1:${proxy.address().port}` })
  for (let i = 0; i < 500; i++) await post(server.port)
  for (delay of delays) {
    const times = []
    answers = 0
    for (let i = 0; i < requests; i++) {
      const begin = performance.now()
      const { status } = await post(server.port)
      if (status !== 200) throw new Error(`a request was answered ${status}`)
      times.push(performance.now() - begin)
    }
    times.sort((a, b) => a - b)
    const at = share => times[Math.floor(times.length * share)].toFixed(2)
    console.log(`Redis ${delay} ms away: a token takes ${at(0.5)} ms at the median, ${at(0.9)} at the 90th percentile; ${(answers / requests).toFixed(1)} answers of Redis a token`)
  }
} finally {
  await server?.stop()
  proxy.close()
  redis.kill()
  await rm(folder, { recursive: true })
}
