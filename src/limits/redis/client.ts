import type { SecureContextOptions } from 'node:tls'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { withTimeout } from '../../lib/with-timeout.js'
import { UnusableRedis } from './outage.js'
import { scripts } from './scripts.js'
import type { ClusterTarget, RedisAddress, RedisTarget, SentinelTarget } from './target.js'

/** How long a request waits for Redis. */
export const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 500
/** For connecting, signing in and, with a Redis Cluster, reading which node has which slots. */
const OPEN_TIMEOUT_MS = 2 * (CONNECT_TIMEOUT_MS + COMMAND_TIMEOUT_MS)

export type RedisClient = Redis | Cluster

/**
 * Connects to the servers that REDIS_URL names. The client never reconnects and never queues commands: after an error, open a new one.
 * @param tls certificates; used if the URL's scheme is `rediss`
 * @throws the first error; UnusableRedis if the server is of another kind than REDIS_URL says
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
    // No `commandTimeout`: if this process was paused, it would report answers that have arrived in the meantime as missing.
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
    // No automatic pipelines: if a slot is moving and every command of a pipeline is answered by ASK, ioredis 6.0.0 throws an error that
    // nobody can catch.
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS + COMMAND_TIMEOUT_MS,
    clusterRetryStrategy: null,
    // ioredis would repeat a command after its caller has given up, and count the hit. A new connection reads the slots anew.
    maxRedirections: 0,
    // Keeps host names unresolved, because certificates contain names and not addresses.
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
    // Each connection has a new client, which would not know the Sentinels that this one has found.
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

/** Tries all addresses in parallel, so that a server that is down costs no time. ioredis tries one after another and hides its errors. */
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

/** The cause to report, by the expected mode and then by the server's actual mode. */
const wrongModes: Record<Mode, Partial<Record<Mode, UnusableRedis['word']>>> = {
  standalone: { cluster: 'cluster-node', sentinel: 'a-sentinel' },
  cluster: { standalone: 'not-a-cluster', sentinel: 'a-sentinel' },
  sentinel: { standalone: 'not-a-sentinel', cluster: 'not-a-sentinel' }
}

/**
 * Checks the server's mode. Uses HELLO, which no ACL can forbid. Accepts a server that does not know HELLO.
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

/** @throws Error if Redis does not answer within `ms`; or the error of `work` */
export function inTime<T> (ms: number, work: () => Promise<T>): Promise<T> {
  return withTimeout(ms, 'Redis does not answer', work)
}

/** Rejects with the error that broke the connection: the command's own error only says that it was closed. */
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
