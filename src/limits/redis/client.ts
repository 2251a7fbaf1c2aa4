import type { SecureContextOptions } from 'node:tls'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { withTimeout } from '../../lib/with-timeout.js'
import { UnusableRedis } from './outage.js'
import { scripts } from './scripts.js'
import type { ClusterTarget, RedisAddress, RedisTarget, SentinelTarget } from './target.js'

/** How long a request waits for Redis. */
export const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 500
/** For connecting, signing in, and in a cluster asking where the slots are. */
const OPEN_TIMEOUT_MS = 2 * (CONNECT_TIMEOUT_MS + COMMAND_TIMEOUT_MS)

export type RedisClient = Redis | Cluster

/**
 * Connects to what REDIS_URL names. The client never connects again by itself, and never queues commands: whoever holds it has to open
 * another one.
 * @param tls certificates; used where the URL asks for TLS
 * @throws whatever made it fail
 */
export async function openClient (target: RedisTarget, tls: SecureContextOptions = {}): Promise<RedisClient> {
  const options = optionsFor(target, tls)
  if (target.kind === 'cluster') return openCluster(target, options)
  if (target.kind === 'sentinel') return openBySentinels(target, options)
  const redis = await connected(new Redis({ ...options, ...target.addresses[0], db: target.db }))
  return requireMode(redis, 'standalone')
}

function optionsFor ({ username, password, ...target }: RedisTarget, tls: SecureContextOptions): RedisOptions {
  return {
    scripts,
    username,
    password,
    ...(target.tls && { tls }),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // No `commandTimeout`: it takes an answer that came while this process stood still for none.
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    // All commands of one turn of the event loop share one write, which costs as much as signing a token.
    enableAutoPipelining: true,
    retryStrategy: null
  }
}

async function openCluster ({ addresses }: ClusterTarget, { scripts, ...redisOptions }: RedisOptions): Promise<Cluster> {
  const node = await firstAnswering(addresses, redisOptions, 'cluster')
  return connected(new Cluster([node], {
    scripts,
    redisOptions,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    // No automatic pipelines: while a slot moves, one whose commands are all answered by ASK throws where nobody can catch it (ioredis
    // 6.0.0).
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS + COMMAND_TIMEOUT_MS,
    clusterRetryStrategy: null,
    // ioredis would send again what nobody waits for any more, and it would be counted. A new connection knows where the slots are now.
    maxRedirections: 0,
    // A name stays a name, because certificates are for names.
    dnsLookup: (host, callback) => callback(null, host)
  }))
}

async function openBySentinels (
  { addresses, name, sentinelUser, sentinelPassword }: SentinelTarget,
  options: RedisOptions
): Promise<Redis> {
  const forSentinels = { username: sentinelUser, password: sentinelPassword }
  const sentinel = await firstAnswering(addresses, { ...options, ...forSentinels }, 'sentinel')
  const redis = new Redis({
    ...options,
    sentinels: [sentinel],
    name,
    sentinelUsername: sentinelUser,
    sentinelPassword,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    ...(options.tls && { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
    // There is a new client for every connection, so what it learned would be lost.
    updateSentinels: false,
    sentinelRetryStrategy: () => null
  })
  let hasMaster = true
  redis.on('sentinelError', ({ message }: Error) => { hasMaster = !message.endsWith('invalid reply: null') })
  try {
    return await connected(redis)
  } catch (error) {
    throw hasMaster ? error : new UnusableRedis('unknown-master')
  }
}

/** Asks all at once, so that one that is away costs no time. ioredis asks one after the other, and keeps to itself why it failed. */
async function firstAnswering (addresses: RedisAddress[], options: RedisOptions, mode: Mode): Promise<RedisAddress> {
  const asked = addresses.map(async address => {
    const redis = await connected(new Redis({ ...options, ...address }))
    try {
      await requireMode(redis, mode)
      return address
    } finally {
      redis.disconnect()
    }
  })
  return Promise.any(asked).catch(({ errors: [first] }: AggregateError) => { throw first })
}

type Mode = 'standalone' | 'cluster' | 'sentinel'

/** What is wrong where a server is of this mode and should be of another. */
const wrongModes: Record<Mode, Partial<Record<Mode, UnusableRedis['word']>>> = {
  standalone: { cluster: 'cluster-node', sentinel: 'a-sentinel' },
  cluster: { standalone: 'not-a-cluster', sentinel: 'a-sentinel' },
  sentinel: { standalone: 'not-a-sentinel', cluster: 'not-a-sentinel' }
}

/**
 * Asks what kind of server it is. No access rule can forbid HELLO. A server that does not know the command may be of any kind.
 * @throws UnusableRedis
 */
async function requireMode (redis: Redis, mode: Mode): Promise<Redis> {
  const reply = await failFast(redis, COMMAND_TIMEOUT_MS, () => redis.call('HELLO', '2').catch(ignoreUnknownCommand)) as unknown[] | undefined
  const found = reply?.[reply.indexOf('mode') + 1] as Mode | undefined
  const word = found && wrongModes[mode][found]
  if (word === undefined) return redis
  redis.disconnect()
  throw new UnusableRedis(word)
}

function ignoreUnknownCommand (error: Error): void {
  if (!error.message.startsWith('ERR unknown command')) throw error
}

async function connected<T extends RedisClient> (client: T): Promise<T> {
  await failFast(client, OPEN_TIMEOUT_MS, () => client.connect())
  return client
}

/** @throws Error where Redis does not answer within `ms`, and whatever `work` rejects with */
export function inTime<T> (ms: number, work: () => Promise<T>): Promise<T> {
  return withTimeout(ms, 'Redis does not answer', work)
}

/** Rejects with the error that broke the connection, because the commands only report that it was closed. */
async function failFast<T> (client: RedisClient, ms: number, work: () => Promise<T>): Promise<T> {
  let cause: unknown
  client.on('error', error => { cause ??= error })
  try {
    return await inTime(ms, work)
  } catch (error) {
    client.disconnect()
    throw cause ?? error
  }
}
