import { Redis } from 'ioredis'
import { redisKey, scripts } from './scripts.js'

/** How long a request waits for Redis. */
const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 500
/** Longer than a check takes (connect, authenticate, one command), so that two never overlap. */
const CHECK_INTERVAL_MS = 1500

export interface ConnectionOptions {
  /** `redis://` or `rediss://`. */
  url: string
  /** Called with the result of the first check, then at every loss and return. `cause` is one word. */
  onChange?: (up: boolean, cause?: string) => void
  /** Called once for each maxmemory-policy by which Redis may evict keys. */
  onEviction?: (policy: string) => void
}

/**
 * A connection to Redis that is either known to work or not used. The first command that fails closes it, and no request waits for Redis
 * until a check has counted a hit over a new connection. The check writes, because a full or read-only Redis still answers everything else.
 */
export class RedisConnection {
  readonly #url: string
  readonly #onChange: NonNullable<ConnectionOptions['onChange']>
  readonly #onEviction: ConnectionOptions['onEviction']
  #policy: string | null | undefined
  #redis: Redis | undefined
  #up: boolean | undefined
  #checkTimer: NodeJS.Timeout | undefined

  /** Resolves after the first check, whether Redis is up or not. */
  static async open (options: ConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options)
    await connection.#connect()
    connection.#checkTimer = setInterval(() => connection.#check(), CHECK_INTERVAL_MS).unref()
    return connection
  }

  private constructor ({ url, onChange = () => {}, onEviction }: ConnectionOptions) {
    this.#url = url
    this.#onChange = onChange
    this.#onEviction = onEviction
  }

  get up (): boolean {
    return this.#up === true
  }

  /** Runs a command. Resolves with undefined, at once or within 250 ms, where Redis does not answer. */
  async run<T> (command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const redis = this.#redis
    if (redis === undefined || !this.up) return
    try {
      return await command(redis)
    } catch (error) {
      this.#giveUp(redis, error)
    }
  }

  close (): void {
    clearInterval(this.#checkTimer)
    this.#up = false
    this.#redis?.disconnect()
  }

  async #check (): Promise<void> {
    if (this.up) await this.run(countProbe)
    else await this.#connect()
  }

  async #connect (): Promise<void> {
    const redis = new Redis(this.#url, {
      scripts,
      protocol: 2,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      disableClientInfo: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      // All commands of one turn of the event loop share one write, which costs as much as signing a token.
      enableAutoPipelining: true,
      retryStrategy: null
    })
    this.#redis = redis
    let cause: unknown
    redis.on('error', error => { cause = error })
    redis.on('end', () => this.#giveUp(redis, cause))
    try {
      await redis.connect()
      await countProbe(redis)
      this.#report(true)
      await this.#checkPolicy()
    } catch (error) {
      redis.disconnect()
      this.#report(false, wordOf(cause ?? error))
    }
  }

  /** Ignores whether `maxmemory` is set: it can be set later, and the policy is only read when Redis connects. */
  async #checkPolicy (): Promise<void> {
    const policy = await this.run(redis => redis.brokerPolicy(1, probeKey))
    if (policy && policy !== 'noeviction' && policy !== this.#policy) this.#onEviction?.(policy)
    this.#policy = policy
  }

  #giveUp (redis: Redis, cause: unknown): void {
    if (redis !== this.#redis || !this.up) return
    redis.disconnect()
    this.#report(false, wordOf(cause))
  }

  #report (up: boolean, cause?: string): void {
    if (up === this.#up) return
    this.#up = up
    this.#onChange(up, cause)
  }
}

const probeKey = redisKey('probe', '')

async function countProbe (redis: Redis): Promise<void> {
  await redis.brokerCount(1, probeKey, 'probe', Number.MAX_SAFE_INTEGER, 10 * CHECK_INTERVAL_MS, 0)
}

/** Drops the message: a server may repeat in it what it was sent, such as a password. */
function wordOf (cause: unknown): string {
  if (!(cause instanceof Error)) return 'closed'
  if (cause.name === 'ReplyError') return cause.message.replace(/[^A-Z].*/s, '')
  return 'code' in cause ? String(cause.code) : 'no answer'
}
