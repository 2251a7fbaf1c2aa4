import type { Test } from 'tap'
import { keysWith } from '../../src/limits/redis/keys.js'
import { sharedCounters, type SharedOptions } from '../../src/limits/redis/shared.js'
import { redisServer } from './redis.js'

export const minute = 60_000
export const prefix = 'twilio-token-broker'
/** The key in Redis of a text. */
export const keyOf = keysWith(prefix)

/** A Redis of the test's own. */
export async function redis (t: Test) {
  const server = await redisServer()
  t.teardown(server.close)
  return server
}

/** The counters of one node, and what it told of Redis. */
export async function node (t: Test, url: string, down: SharedOptions['down'] = 'local') {
  const told: Array<[up: boolean, cause?: string]> = []
  const source = await sharedCounters({ url, prefix, down, onChange: (up, outage) => told.push([up, outage?.cause]) })
  t.teardown(source.close)
  return { source, told, counters: source.counters('test', minute) }
}
