import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.js'
import { until } from './until.js'

/** False, or why there is no Redis here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export const noRedis = spawnSync('redis-server', ['--version']).error !== undefined && !process.env['CI'] && 'redis-server is not installed'

/** A Redis of its own, on a free port of 127.0.0.1, that keeps nothing on disk. */
export async function redisServer () {
  const directory = mkdtempSync(join(tmpdir(), 'broker-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}/0`
  let server: ChildProcess | undefined

  async function start () {
    server = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory], { stdio: 'ignore' })
    await until(() => ask('PING').then(answer => answer === 'PONG', () => false))
  }

  async function kill () {
    if (server === undefined) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
    server = undefined
  }

  /** One command on a connection of its own. */
  async function ask (command: string, ...args: Array<string | number>) {
    const redis = new Redis(url, { retryStrategy: null, lazyConnect: true })
    redis.on('error', () => {})
    try {
      await redis.connect()
      return await redis.call(command, args)
    } finally {
      redis.disconnect()
    }
  }

  await start()
  return {
    port,
    url,
    ask,
    kill,
    start,
    /** It takes connections, and answers nothing until `resume`. */
    pause () { server?.kill('SIGSTOP') },
    resume () { server?.kill('SIGCONT') },
    async close () {
      await kill()
      rmSync(directory, { recursive: true })
    }
  }
}
