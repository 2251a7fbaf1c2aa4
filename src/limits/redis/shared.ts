import type { PlannedHit, CounterSource } from '../counters.js'
import { MemoryCounters } from '../memory/counters.js'
import { CommandBatch } from './batch.js'
import { RedisConnection, type ConnectionOptions } from './connection.js'
import { keysWith } from './keys.js'
import { SharedCounters } from './shared-counters.js'
import { SharedKnownAddresses } from './known-addresses.js'
import { SharedMarks } from './marks.js'
import { RedisText } from './shared-text.js'
import { prefetch } from './prefetch.js'
import { parseRedisUrl } from './target.js'

export interface SharedOptions extends Omit<ConnectionOptions, 'target' | 'keyOf'> {
  /** REDIS_URL; its form was checked with the settings. */
  url: string
  /** Brokers with the same prefix on one Redis share their counters. */
  prefix: string
  /** While Redis is unavailable, each node counts for itself (`local`), or every hit fails with `limiter-unavailable` (`closed`). */
  down: 'local' | 'closed'
}

/** Counters that all nodes on one Redis share. Resolves after the first try to reach Redis, whether it succeeded or not. */
export async function sharedCounters ({ url, prefix, down, ...options }: SharedOptions): Promise<CounterSource> {
  const connection = await RedisConnection.open({ ...options, target: parseRedisUrl(url), keyOf: keysWith(prefix) })
  const batch = new CommandBatch(connection)
  return {
    get up () { return connection.up },
    counters: (name, windowMs, maxKeys) => new SharedCounters(batch, name, new MemoryCounters(windowMs, { maxKeys }), down),
    knownAddresses: () => new SharedKnownAddresses(connection),
    marks: new SharedMarks(connection, down),
    text: name => new RedisText(connection, name),
    prefetch: hits => connection.up ? prefetch(batch, hits as Iterable<PlannedHit<SharedCounters>>) : () => {},
    close: () => connection.close()
  }
}
