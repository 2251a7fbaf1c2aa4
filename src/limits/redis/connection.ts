import { randomUUID } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import { COMMAND_TIMEOUT_MS, inTime, openClient, type RedisClient } from './client.js'
import type { KeyOf } from './keys.js'
import { outageOf, type Outage } from './outage.js'
import type { RedisTarget } from './target.js'

/** Time between two checks. */
const CHECK_INTERVAL_MS = 1500

export interface ConnectionOptions {
  target: RedisTarget
  keyOf: KeyOf
  /** Reads the certificates for TLS; called for every new connection, so that changed files are used. */
  readTls?: () => Promise<SecureContextOptions>
  /** Called with the result of the first check, then whenever Redis becomes unavailable or available. */
  onChange?: (up: boolean, outage?: Outage) => void
  /** Called once for each maxmemory-policy by which Redis may evict keys. */
  onEviction?: (policy: string) => void
}

/**
 * A connection to Redis that is either known to work or not used. The first command that fails ends it, and no further request waits for
 * Redis until a check has counted hits over a new connection. The check writes, because a full or read-only Redis still answers everything
 * else, and counts under two keys in one script, as requests do.
 */
export class RedisConnection {
  readonly keyOf: KeyOf
  readonly #options: Omit<ConnectionOptions, 'keyOf'>
  #policy: string | null | undefined
  #client: RedisClient | undefined
  #up: boolean | undefined
  #advice: string | undefined
  #isClosed = false
  #checkTimer: NodeJS.Timeout | undefined

  /** Resolves after the first check, whether Redis is up or not. */
  static async open (options: ConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options)
    await connection.#connect()
    connection.#scheduleCheck()
    return connection
  }

  private constructor ({ keyOf, ...options }: ConnectionOptions) {
    this.keyOf = keyOf
    this.#options = options
  }

  get up (): boolean {
    return this.#up === true
  }

  /** Runs a command. If Redis is unavailable, resolves with undefined, after 250 ms at most. */
  async run<T> (command: (redis: RedisClient) => Promise<T>): Promise<T | undefined> {
    const client = this.#client
    if (client === undefined || !this.up) return
    try {
      return await inTime(COMMAND_TIMEOUT_MS, () => command(client))
    } catch (error) {
      this.#giveUp(client, error)
    }
  }

  close (): void {
    this.#isClosed = true
    clearTimeout(this.#checkTimer)
    this.#up = false
    this.#client?.disconnect()
  }

  /** Schedules the next check after each one has ended, because connecting can take longer than the interval. */
  #scheduleCheck (): void {
    if (this.#isClosed) return
    this.#checkTimer = setTimeout(async () => {
      if (this.up) await this.run(redis => this.#probe(redis))
      else await this.#connect()
      this.#scheduleCheck()
    }, CHECK_INTERVAL_MS).unref()
  }

  async #connect (): Promise<void> {
    let client: RedisClient | undefined
    let cause: unknown
    try {
      const opened = client = await openClient(this.#options.target, await this.#options.readTls?.())
      client.on('error', error => { cause = error })
      client.on('end', () => this.#giveUp(opened, cause))
      await inTime(COMMAND_TIMEOUT_MS, () => this.#probe(opened))
      if (this.#isClosed) return client.disconnect()
      this.#client = client
      this.#report(true)
      await this.#checkPolicy()
    } catch (error) {
      client?.disconnect()
      this.#report(false, cause ?? error)
    }
  }

  /** Uses one new key, as most requests do: while a Redis Cluster moves a slot, only scripts with new keys fail. */
  async #probe (redis: RedisClient): Promise<void> {
    const keys = ['', randomUUID()].map(text => this.keyOf('probe', text))
    const hit = (windowMs: number) => [Number.MAX_SAFE_INTEGER, windowMs, 0]
    await redis.brokerCount(2, ...keys, 'probe', ...hit(10 * CHECK_INTERVAL_MS), ...hit(CHECK_INTERVAL_MS))
  }

  /** Ignores whether `maxmemory` is set: it can be set later, and the policy is only read when Redis connects. */
  async #checkPolicy (): Promise<void> {
    const policy = await this.run(redis => redis.brokerPolicy(1, this.keyOf('probe', '')))
    if (policy && policy !== 'noeviction' && policy !== this.#policy) this.#options.onEviction?.(policy)
    this.#policy = policy
  }

  #giveUp (client: RedisClient, cause: unknown): void {
    if (client !== this.#client || !this.up) return
    // Running commands may still be answered: reservations that Redis has counted must then be released there.
    setTimeout(() => client.disconnect(), COMMAND_TIMEOUT_MS).unref()
    this.#report(false, cause)
  }

  /** Reports every change and, while Redis is unavailable, each new piece of advice. */
  #report (up: boolean, cause?: unknown): void {
    const outage = up ? undefined : outageOf(cause, this.#options.target.kind)
    const isNews = up !== this.#up || (outage?.advice !== undefined && outage.advice !== this.#advice)
    if (this.#isClosed || !isNews) return
    this.#up = up
    this.#advice = outage?.advice
    this.#options.onChange?.(up, outage)
  }
}
