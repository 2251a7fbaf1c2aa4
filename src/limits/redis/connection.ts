import { Redis } from 'ioredis'
import { redisKey, scripts } from './scripts.js'

/** Milliseconds that a request waits for Redis at most. */
const PATIENCE = 250
/** Milliseconds for a connection to be made. */
const CONNECTING = 500
/** Milliseconds between two looks at Redis. One never meets the next: it takes a connection, a password and a command. */
const LOOK_EVERY = 1500

export interface LinkOptions {
  /** `redis://` or `rediss://`. */
  url: string
  /** Told what the first look saw, then of each loss and return; a loss with its cause in a word. */
  onChange?: (up: boolean, cause?: string) => void
  /** Told the maxmemory-policy of a Redis that evicts keys when its memory is full, once. */
  onEviction?: (policy: string) => void
}

/**
 * A connection to Redis that is either proven to work or not used at all. The first command that fails, for whatever reason,
 * ends the connection and with it the wait of all others. From then on nobody asks or waits, until a look at Redis by a timer
 * has counted a hit over a new connection: a full or read-only Redis answers everything else.
 */
export class RedisLink {
  readonly #url: string
  readonly #onChange: NonNullable<LinkOptions['onChange']>
  readonly #onEviction: LinkOptions['onEviction']
  #policy: string | null | undefined
  #redis: Redis | undefined
  #up: boolean | undefined
  #looking: NodeJS.Timeout | undefined

  /** Resolves after the first look, whatever it saw. */
  static async open (options: LinkOptions): Promise<RedisLink> {
    const link = new RedisLink(options)
    await link.#connect()
    link.#looking = setInterval(() => link.#look(), LOOK_EVERY).unref()
    return link
  }

  private constructor ({ url, onChange = () => {}, onEviction }: LinkOptions) {
    this.#url = url
    this.#onChange = onChange
    this.#onEviction = onEviction
  }

  get up (): boolean {
    return this.#up === true
  }

  /** What Redis answers; undefined, at once or within 250 ms, where it does not. */
  async run<T> (work: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const redis = this.#redis
    if (redis === undefined || !this.up) return
    try {
      return await work(redis)
    } catch (error) {
      this.#lose(redis, error)
    }
  }

  close (): void {
    clearInterval(this.#looking)
    this.#up = false
    this.#redis?.disconnect()
  }

  async #look (): Promise<void> {
    if (this.up) await this.run(prove)
    else await this.#connect()
  }

  async #connect (): Promise<void> {
    const redis = new Redis(this.#url, {
      scripts,
      protocol: 2,
      lazyConnect: true,
      connectTimeout: CONNECTING,
      commandTimeout: PATIENCE,
      disableClientInfo: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      // What is said in one turn of the event loop goes out in one write, which costs as much as a request's whole token.
      enableAutoPipelining: true,
      retryStrategy: null
    })
    this.#redis = redis
    let cause: unknown
    redis.on('error', error => { cause = error })
    redis.on('end', () => this.#lose(redis, cause))
    try {
      await redis.connect()
      await prove(redis)
      this.#turn(true)
      await this.#lookAtPolicy()
    } catch (error) {
      redis.disconnect()
      this.#turn(false, word(cause ?? error))
    }
  }

  /** Whatever `maxmemory` is now: it can be set at any time, and nobody would look at the policy again. */
  async #lookAtPolicy (): Promise<void> {
    const policy = await this.run(redis => redis.brokerPolicy(1, probeKey))
    if (policy && policy !== 'noeviction' && policy !== this.#policy) this.#onEviction?.(policy)
    this.#policy = policy
  }

  #lose (redis: Redis, cause: unknown): void {
    if (redis !== this.#redis || !this.up) return
    redis.disconnect()
    this.#turn(false, word(cause))
  }

  #turn (up: boolean, cause?: string): void {
    if (up === this.#up) return
    this.#up = up
    this.#onChange(up, cause)
  }
}

const probeKey = redisKey('probe', '')

async function prove (redis: Redis): Promise<void> {
  await redis.brokerCount(1, probeKey, 'probe', Number.MAX_SAFE_INTEGER, 10 * LOOK_EVERY, 0)
}

/** A word and never the message, in which a server can repeat what was sent to it, such as a password. */
function word (cause: unknown): string {
  if (!(cause instanceof Error)) return 'closed'
  if (cause.name === 'ReplyError') return cause.message.replace(/[^A-Z].*/s, '')
  return 'code' in cause ? String(cause.code) : 'no answer'
}
