import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Redis, type RedisOptions } from 'ioredis'
import { until } from './until.js'

/** One `redis-server`, from its first argument on. The kernel ends it when this process ends, however that happens. */
export function redisProcess (port: number, args: string[], options: RedisOptions = {}) {
  let child: ChildProcess | undefined

  async function start (): Promise<void> {
    const starting = child = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...args], { stdio: 'ignore' })
    await until(() => {
      if (starting.exitCode !== null) throw new Error(`redis-server ${args.join(' ')} ends with ${starting.exitCode}`)
      return ask('PING').then(answer => answer === 'PONG', () => false)
    })
  }

  async function kill (): Promise<void> {
    if (child === undefined) return
    const ending = child
    child = undefined
    if (ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill('SIGKILL')
    await ended
  }

  /** One command on a connection of its own. */
  async function ask (command: string, ...args: Array<string | number>): Promise<unknown> {
    const redis = new Redis({ host: '127.0.0.1', port, retryStrategy: null, lazyConnect: true, ...options })
    redis.on('error', () => {})
    try {
      await redis.connect()
      return await redis.call(command, args)
    } finally {
      redis.disconnect()
    }
  }

  return {
    port,
    start,
    kill,
    ask,
    /** It takes connections, and answers nothing until `resume`. */
    pause () { child?.kill('SIGSTOP') },
    resume () { child?.kill('SIGCONT') }
  }
}

export type RedisProcess = ReturnType<typeof redisProcess>
